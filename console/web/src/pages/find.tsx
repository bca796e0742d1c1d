// Where else? A query, how its findings lie in time, which values they hold, and the findings themselves.
import { Button, Skeleton } from '@mantine/core'
import { useCallback, useEffect, useRef, useState } from 'react'
import { api, Problem, type Counts, type Finding, type Me } from '../api'
import { explain } from '../errors'
import { useWords, type Key } from '../i18n'
import { Empty } from '../parts/empty'
import { Histogram } from '../parts/histogram'
import { LossLine } from '../parts/lossline'
import { Pivot, type Field } from '../parts/pivot'
import { QueryBar } from '../parts/querybar'
import { Severity } from '../parts/severity'
import type { ToastBox } from '../parts/toast'
import { TableTools } from '../parts/tabletools'
import { When } from '../parts/when'
import { usePress } from '../press'
import { follow, go } from '../route'
import { useTable } from '../table'
import { span, utc } from '../time'
import { remember } from '../view'
import { useWindow } from '../window'

const pageSize = 500
const rowsMax = 10_000
const fields: Field[] = ['severity', 'brand', 'host', 'src', 'dst', 'rule', 'source', 'chain', 'campaign', 'sensor', 'as', 'country', 'technique', 'stage', 'sha256', 'ja4', 'cert']
const levels = ['', 'low', 'medium', 'high', 'critical']

const who = (f: Finding) => f.source?.ip ?? ''
const where = (f: Finding) => f.khien.domain || f.destination?.ip || ''

export function Find({ address, me, toasts }: { address: URL; me: Me; toasts: ToastBox }) {
  const words = useWords()
  const { t, lang, number } = words
  const p = address.searchParams
  const q = p.get('q') ?? ''
  const range = p.get('range') ?? '24h'
  const from = p.get('from') ?? ''
  const to = p.get('to') ?? ''
  const [counts, setCounts] = useState<Counts>()
  const [rows, setRows] = useState<Finding[]>()
  const [next, setNext] = useState('')
  const [error, setError] = useState<unknown>()
  const [at, setAt] = useState(() => (history.state as { at?: string } | null)?.at ?? '')
  const input = useRef<HTMLInputElement>(null)
  const body = useRef<HTMLTableSectionElement>(null)
  const table = useTable('find')
  const turn = useRef(0)
  const loading = useRef(false)

  const asked = useCallback((more: Record<string, string>) =>
    new URLSearchParams({ q, ...(from && to ? { from, to } : { range }), ...more }), [q, range, from, to])

  useEffect(() => {
    const mine = ++turn.current
    const leave = new AbortController()
    setRows(undefined)
    setCounts(undefined)
    setNext('')
    setError(undefined)
    loading.current = true
    Promise.all([
      api.counts(asked({ parts: '60' }), leave.signal).then((c) => { if (mine === turn.current) setCounts(c) }),
      api.findings(asked({ limit: String(pageSize) }), leave.signal).then((r) => { if (mine === turn.current) { setRows(r.findings); setNext(r.next) } }),
    ]).catch((e: unknown) => { if (mine === turn.current && !leave.signal.aborted) setError(e) }).finally(() => { if (mine === turn.current) loading.current = false })
    return () => leave.abort()
  }, [asked])
  useEffect(() => remember('/find', asked({})), [asked])

  const have = rows?.length ?? 0
  const more = useCallback(() => {
    if (loading.current || !next || have >= rowsMax) return
    const mine = turn.current
    loading.current = true
    api.findings(asked({ limit: String(pageSize), cursor: next })).then((r) => {
      if (mine !== turn.current) return
      setRows((old) => [...(old ?? []), ...r.findings])
      setNext(r.next)
    }, (e: unknown) => { if (mine === turn.current) toasts.fail(explain(e, words)) }).finally(() => { if (mine === turn.current) loading.current = false })
  }, [asked, have, next, toasts, words])
  const part = useWindow(have, body, more)

  const index = Math.max(0, rows?.findIndex((f) => f.event.id === at) ?? 0)
  const current = rows?.[index]
  const move = useCallback((id: string) => { setAt(id); history.replaceState({ at: id }, '') }, [])
  const step = (d: number) => {
    const i = Math.min(have - 1, Math.max(0, at === '' ? 0 : index + d))
    const f = rows?.[i]
    if (f) { move(f.event.id); part.show(i) }
  }
  usePress({
    j: () => step(1), k: () => step(-1), '/': () => input.current?.focus(),
    ...(current && at ? { Enter: () => go('/finding/' + encodeURIComponent(current.event.id)) } : {}),
  })

  const show = (v: { q: string; range: string }) => go('/find?' + new URLSearchParams({ q: v.q, range: v.range }))
  const pick = useCallback((a: string, b: string) => go('/find?' + new URLSearchParams({ q, range, from: a, to: b })), [q, range])
  const title = (f: Finding) => f.khien.summary[lang] || f.rule.name || f.rule.id
  const taken = () => [
    [t('find.col.time'), t('inbox.col.severity'), t('inbox.col.what'), t('find.col.from'), t('find.col.to'), t('find.field.rule')],
    ...(rows ?? []).map((f) => [utc(f['@timestamp']) + 'Z', t(`severity.${f.event.severity}` as Key), title(f), who(f), where(f), f.rule.id]),
  ]
  return (
    <div className="page find">
      <h1 className="hidden">{t('find.title')}</h1>
      <QueryBar view={{ q, range, sort: 'newest' }} change={show} problem={error instanceof Problem ? error : undefined} input={input} unsorted />
      {error !== undefined && !(error instanceof Problem && error.code === 'query') && <p className="failure" role="alert">{explain(error, words)}</p>}
      <div className="summary">
        <strong role="status">{counts && t('find.total', { n: number(counts.total) })}</strong>
        {from && to && <Button size="compact-sm" variant="default" onClick={() => show({ q, range })}>{span(from, to)} ×<span className="hidden"> {t('find.whole')}</span></Button>}
        {have > 0 && <>
          <TableTools of={table} name="find" rows={taken} count={have} take={false} />
          {me.role !== 'viewer' && <Button size="compact-sm" variant="default" component="a" href={'/api/v1/findings.csv?' + asked({ lang })} download>{t('find.csv')}</Button>}
        </>}
      </div>
      <LossLine range={range} from={from} to={to} />
      {counts && counts.total > 0 && <Histogram from={counts.from} to={counts.to} parts={counts.parts} pick={pick} />}
      {rows === undefined ? error === undefined && <Skeleton height={420} role="img" aria-label={t('common.loading')} /> : have === 0 ? (
        q === '' && range === 'all' ? <Empty /> : <p className="empty"><strong>{t('find.none')}</strong><br />{t('inbox.none.hint')}</p>
      ) : (
        <div className="hunt">
          <aside aria-label={t('find.fields')}>
            {counts && counts.counted < counts.total && <p className="quiet">{t('find.counted', { n: number(counts.counted) })}</p>}
            {counts && fields.map((f) => {
              const list = counts.top[f]
              return list && (
                <section key={f}>
                  <h2>{t(`find.field.${f}` as Key)}</h2>
                  <ul className="counts">
                    {list.slice(0, 6).map((v) => (
                      <li key={v.name}>
                        <span className={f === 'severity' || f === 'source' || f === 'stage' ? '' : 'mono'}>
                          {f === 'severity' ? <Pivot field={f} value={levels[Number(v.name)] ?? v.name} label={words.word('severity', v.name)} />
                            : <Pivot field={f} value={v.name} label={f === 'source' || f === 'stage' ? words.word(f, v.name) : v.name} />}
                          {f === 'technique' && <small className="quiet"> {words.name('technique', v.name)}</small>}
                        </span>
                        <span className="count">{number(v.count)}</span>
                      </li>
                    ))}
                  </ul>
                </section>
              )
            })}
          </aside>
          <div>
            <table ref={table.ref} className="groups rows" aria-rowcount={have + 1}>
              <thead>
                <tr>
                  <th scope="col">{t('find.col.time')}</th><th scope="col">{t('inbox.col.severity')}</th><th scope="col">{t('inbox.col.what')}</th>
                  <th scope="col">{t('find.col.from')}</th><th scope="col">{t('find.col.to')}</th>
                </tr>
              </thead>
              <tbody ref={body}>
                {part.before > 0 && <tr aria-hidden="true"><td colSpan={5} style={{ height: part.before, padding: 0 }} /></tr>}
                {rows.slice(part.from, part.to).map((f, i) => (
                  <tr key={f.event.id} data-row aria-rowindex={part.from + i + 2} id={f.event.id === at ? 'row-at' : undefined} className={f.event.id === at ? 'at' : ''} onClick={() => move(f.event.id)}>
                    <td><When at={f['@timestamp']} /></td>
                    <td><Severity level={f.event.severity} /></td>
                    <td title={title(f)}><a href={'/finding/' + encodeURIComponent(f.event.id)} onClick={(e) => { move(f.event.id); follow(e) }}>{title(f)}</a></td>
                    <td className="mono">{who(f) && <Pivot field="src" value={who(f)} />}</td>
                    <td className="mono">{where(f) && <Pivot field={f.khien.domain ? 'host' : 'dst'} value={where(f)} />}</td>
                  </tr>
                ))}
                {part.after > 0 && <tr aria-hidden="true"><td colSpan={5} style={{ height: part.after, padding: 0 }} /></tr>}
              </tbody>
            </table>
            {have >= rowsMax && next ? <p className="quiet">{t('find.limit', { n: number(rowsMax) })}</p>
              : next && <Button variant="default" mt="sm" onClick={more}>{t('inbox.more')}</Button>}
          </div>
        </div>
      )}
    </div>
  )
}
