// What is not shown again, why, by whom, until when, and how often that was used.
import { Button, Skeleton } from '@mantine/core'
import { api, type Me, type Tune } from '../api'
import { explain } from '../errors'
import { useAnswer } from '../every'
import { useWords } from '../i18n'
import { Retry } from '../parts/retry'
import { Table } from '../parts/tabletools'
import type { ToastBox } from '../parts/toast'
import { When } from '../parts/when'
import { follow } from '../route'

export function Tunes({ me, toasts }: { me: Me; toasts: ToastBox }) {
  const words = useWords()
  const { t, number } = words
  const { answer, error, again: load } = useAnswer('tunes', api.tunes)
  const list = answer?.tunes
  const end = (x: Tune) => {
    api.endTune(x.id).then(() => {
      toasts.say(t('tunes.ended'), () => {
        const days = Math.max(1, Math.round((new Date(x.expires).getTime() - Date.now()) / 86_400_000))
        api.addTune({ rule: x.rule, name: x.name ?? '', src: x.src ?? '', dst: x.dst ?? '', host: x.host ?? '', reason: x.reason, days,
          kind: x.kind ?? '', count: x.count ?? 0, hours: x.hours ?? 0, severity: x.severity ?? 0 }).then(load, (e: unknown) => toasts.fail(explain(e, words)))
      })
      load()
    }, (e: unknown) => toasts.fail(explain(e, words)))
  }
  return (
    <div className="page">
      <h1>{t('tunes.title')}</h1>
      <p className="quiet">{t('tunes.lead')}</p>
      <Retry error={error} again={load} />
      {!list ? error === undefined && <Skeleton height={240} role="img" aria-label={t('common.loading')} /> : list.length === 0 ? <p className="empty">{t('tunes.none')}</p> : (
        <Table name="tunes" className="groups plain">
          <thead>
            <tr>
              <th scope="col">{t('tunes.col.what')}</th>
              <th scope="col">{t('tunes.col.kind')}</th>
              <th scope="col">{t('tunes.col.scope')}</th>
              <th scope="col">{t('tunes.col.why')}</th>
              <th scope="col">{t('tunes.col.who')}</th>
              <th scope="col">{t('tunes.col.until')}</th>
              <th scope="col" className="num">{t('tunes.col.hits')}</th>
              <th scope="col"><span className="hidden">{t('finding.action')}</span></th>
            </tr>
          </thead>
          <tbody>
            {list.map((x) => (
              <tr key={x.id} className={new Date(x.expires).getTime() < Date.now() ? 'over' : ''}>
                <td><a href={'/inbox?' + new URLSearchParams({ q: `rule:"${x.rule.replaceAll('"', '')}"`, range: '30d' })} onClick={follow}>{x.name || x.rule}</a> <small className="mono">{x.rule}</small></td>
                <td>{x.kind === 'threshold' ? t('tunes.kind.threshold', { count: number(x.count ?? 0), hours: number(x.hours ?? 0) })
                  : x.kind === 'severity' ? t('tunes.kind.severity', { severity: words.word('severity', String(x.severity)) }) : t('tunes.kind.hide')}</td>
                <td className="mono">{[x.src && `src:${x.src}`, x.dst && `dst:${x.dst}`, x.host && `host:${x.host}`].filter(Boolean).join(' ') || t('tunes.everywhere')}</td>
                <td>{x.reason}</td>
                <td>{x.owner}, <When at={x.created} /></td>
                <td><When at={x.expires} /></td>
                <td className="num">{number(x.hits)}</td>
                <td>{me.role !== 'viewer' && <Button size="compact-sm" variant="default" onClick={() => end(x)}>{t('tunes.end')}</Button>}</td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
    </div>
  )
}
