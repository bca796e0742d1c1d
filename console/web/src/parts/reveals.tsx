// Who wants to see an address, what for, and what others have said to it.
import { Button, Group } from '@mantine/core'
import { useEffect } from 'react'
import { useAnswer, useEvery } from '../every'
import { useWords } from '../i18n'
import { changed, revealing, type RevealRequest } from '../reveal'
import { follow } from '../route'
import { Retry } from './retry'
import { When } from './when'

export function Reveals({ failed }: { failed: (e: unknown) => void }) {
  const { t, word, number } = useWords()
  const { answer, error, again: load } = useAnswer('reveals', () => revealing.list())
  const list = answer?.reveals
  const act = (send: Promise<RevealRequest>) => send.then(() => { load(); window.dispatchEvent(new Event(changed)) }, (e: unknown) => { failed(e); load() })
  return (
    <section className="panel admin" id="reveals">
      <h2>{t('reveals.title')}</h2>
      <p className="quiet">{t('reveals.lead')}</p>
      <Retry error={error} again={load} />
      {list?.length === 0 ? <p className="quiet">{t('reveals.none')}</p> : (
        <table className="groups plain">
          <thead><tr><th scope="col">{t('reveals.what')}</th><th scope="col">{t('reveals.who')}</th><th scope="col">{t('reveal.purpose')}</th><th scope="col">{t('reveals.state')}</th><th scope="col">{t('finding.action')}</th></tr></thead>
          <tbody>
            {list?.map((r) => (
              <tr key={r.id}>
                <td>{t(`reveal.of.${r.of}`)} {r.of === 'address' ? <span className="mono">{r.subject}</span>
                  : <a className="mono" href={(r.of === 'case' ? '/cases/' : '/finding/') + encodeURIComponent(r.subject)} onClick={follow}>{r.subject.slice(0, 16)}</a>}
                  {r.of !== 'address' && <div className="quiet">{t('reveals.count', { n: number(r.addresses) })}</div>}</td>
                <td>{r.own ? t('reveals.own') : r.by}, <When at={r.asked} /></td>
                <td className="text">{r.purpose}</td>
                <td>{word('reveal.state', r.state)}{r.answered && <> · {r.answered}</>}{r.state === 'open' && r.until && <div className="quiet">{t('reveals.until')} <When at={r.until} /></div>}</td>
                <td>
                  <Group gap="xs">
                    {r.state === 'waiting' && !r.own && <>
                      <Button size="compact-sm" onClick={() => void act(revealing.agree(r.id))}>{t('reveals.agree')}</Button>
                      <Button size="compact-sm" variant="default" onClick={() => void act(revealing.refuse(r.id))}>{t('reveals.refuse')}</Button>
                    </>}
                    {(r.state === 'open' || r.state === 'waiting') && r.own && <Button size="compact-sm" variant="default" onClick={() => void act(revealing.end(r.id))}>{t('reveals.end')}</Button>}
                  </Group>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

const pollMS = 60_000

// Wanted leads who may agree to what others wait for.
export function Wanted() {
  const { t, number } = useWords()
  // Without an answer the link is absent; the page of requests says why.
  const { answer, again } = useEvery(pollMS, () => revealing.list(true))
  useEffect(() => {
    window.addEventListener(changed, again)
    return () => window.removeEventListener(changed, again)
  }, [again])
  const n = answer?.reveals.filter((x) => x.state === 'waiting' && !x.own).length ?? 0
  return n === 0 ? null : <a href="/admin#reveals" onClick={follow}>{t('reveals.wanted', { n: number(n) })}</a>
}
