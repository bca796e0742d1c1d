// What must be looked at next: groups, worst and newest first. New ones wait above a line, so that nothing moves under the
// reader's cursor.
import { Button, Checkbox, Select, Skeleton } from '@mantine/core'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { api, Problem, type Change, type Group, type Me } from '../api'
import { decide } from '../decide'
import { explain } from '../errors'
import { useWords, type Key } from '../i18n'
import type { Decided, Told } from '../live'
import { BulkDialog, type Scope as Bulk } from '../parts/bulk'
import { Bundles } from '../parts/bundles'
import { CloseDialog } from '../parts/close'
import { Empty } from '../parts/empty'
import { LossLine } from '../parts/lossline'
import { Pivot } from '../parts/pivot'
import { ProposeDialog, targetsOf, type Target } from '../parts/propose'
import { QueryBar, type View } from '../parts/querybar'
import { Retry } from '../parts/retry'
import { Severity } from '../parts/severity'
import { Spark } from '../parts/spark'
import { StartReportDialog } from '../parts/startreport'
import type { ToastBox } from '../parts/toast'
import { TuneDialog, type Scope } from '../parts/tune'
import { Views } from '../parts/views'
import { When } from '../parts/when'
import { TableTools } from '../parts/tabletools'
import { usePress } from '../press'
import { follow, go } from '../route'
import { useTable } from '../table'
import { utc } from '../time'
import { keepOrder, leftAt, remember } from '../view'
import { useWindow } from '../window'

const pageSize = 100
const restMS = 400

function viewOf(address: URL): View {
  const p = address.searchParams
  return { q: p.get('q') ?? 'status:new', range: p.get('range') ?? '7d', sort: p.get('sort') ?? 'worst' }
}

const bundles = ['chain', 'campaign', 'brand', 'unit', 'sensor'] as const

// withoutStatus drops the states from a query, so that a group is found again after its state has changed.
const withoutStatus = (q: string) => q.replace(/(^|\s)status:\S+/gi, '$1').trim()

export function Inbox({ address, me, toasts, arrived, seen, decided, decisions }: {
  address: URL; me: Me; toasts: ToastBox; arrived: Told[]; seen: () => void; decided: number; decisions: Decided[]
}) {
  const words = useWords()
  const { t, number } = words
  const { q, range, sort } = viewOf(address)
  const [groups, setGroups] = useState<Group[]>()
  const [total, setTotal] = useState(0)
  const [next, setNext] = useState('')
  const [empty, setEmpty] = useState(false)
  const [error, setError] = useState<unknown>()
  const [at, setAt] = useState<string>(() => leftAt() || ((history.state as { at?: string } | null)?.at ?? ''))
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [closing, setClosing] = useState<Group[]>([])
  const [bulk, setBulk] = useState<Bulk>()
  const [turn, setTurn] = useState(0)
  const by = bundles.find((b) => b === address.searchParams.get('by'))
  const body = useRef<HTMLTableSectionElement>(null)
  const table = useTable('inbox')
  const [tuning, setTuning] = useState<Scope>()
  const [reporting, setReporting] = useState<Group[]>([])
  const [blocking, setBlocking] = useState<{ finding: string; targets: Target[] }>()
  const input = useRef<HTMLInputElement>(null)
  const asked = useRef(0)
  const asking = useRef('') // the cursor of the page that is on its way

  const load = useCallback(async (cursor: string) => {
    const turn = ++asked.current
    asking.current = cursor
    try {
      const p = await api.groups(new URLSearchParams({ q, range, sort, limit: String(pageSize), cursor }))
      if (turn !== asked.current) return
      setGroups((old) => {
        const known = new Set(cursor && old?.map((g) => g.key))
        return cursor && old ? [...old, ...p.groups.filter((g) => !known.has(g.key))] : p.groups
      })
      setTotal(p.total)
      setNext(p.next)
      setEmpty(p.empty)
      setError(undefined)
      if (!cursor) seen()
    } catch (e) {
      if (turn === asked.current) setError(e)
    } finally {
      if (turn === asked.current) asking.current = ''
    }
  }, [q, range, sort, seen])

  useEffect(() => {
    setGroups(undefined)
    setChosen(new Set())
    void load('')
  }, [load])

  // Decisions of other people show in the rows that are there; no row comes, goes or moves.
  const rows = useMemo(() => groups ?? [], [groups])
  const many = decisions.filter((d) => d.key === '').length
  useEffect(() => {
    const now = new Map(decisions.map((d) => [d.key, d.status]))
    setGroups((old) => old?.some((g) => now.has(g.key) && now.get(g.key) !== g.status) ? old.map((g) => ({ ...g, status: now.get(g.key) ?? g.status })) : old)
  }, [decisions])
  useEffect(() => {
    if (many === 0) return
    api.groups(new URLSearchParams({ q: withoutStatus(q), range, sort, limit: '1000' })).then((p) => {
      const now = new Map(p.groups.map((g) => [g.key, g.status]))
      setGroups((old) => old?.map((g) => ({ ...g, status: now.get(g.key) ?? g.status })))
    }, () => undefined)
  }, [many, q, range, sort])
  const first = rows.length === 0
  useEffect(() => {
    if (arrived.length > 0 && first) void load('')
  }, [arrived.length, first, load])

  const index = Math.max(0, rows.findIndex((g) => g.key === at))
  const current = rows[index]
  const move = useCallback((key: string) => {
    setAt(key)
    history.replaceState({ at: key }, '')
  }, [])
  const open = (g: Group) => { move(g.key); go('/finding/' + encodeURIComponent(g.latest_id)) }
  const toggle = useCallback((key: string) => setChosen((c) => {
    const n = new Set(c)
    if (!n.delete(key)) n.add(key)
    return n
  }), [])

  // The cursor goes on at once to the row behind the last that changes, so that nobody waits for the server between two groups;
  // what has been decided leaves when the hands rest.
  const resting = useRef<ReturnType<typeof setTimeout>>()
  const soon = useCallback(() => {
    clearTimeout(resting.current)
    resting.current = setTimeout(() => void load(''), restMS)
  }, [load])
  useEffect(() => () => clearTimeout(resting.current), [load])
  const act = useCallback(async (which: Group[], change: Omit<Change, 'key' | 'version'>) => {
    if (which.length === 0) return
    const last = rows.findIndex((g) => g.key === which[which.length - 1].key)
    const after = rows.slice(last + 1).find((g) => !which.includes(g)) ?? rows.slice(0, last).findLast((g) => !which.includes(g))
    if (after) move(after.key)
    setChosen(new Set())
    try {
      const r = await decide(which, change)
      if (r.conflict) toasts.fail(t('error.conflict', { user: r.conflict }))
      if (r.done > 0) {
        toasts.say(t(`inbox.done.${change.status}` as Key, { n: r.done }), () => {
          r.undo().then(async (n) => { await load(''); toasts.say(t('inbox.undone', { n })) }).catch((e: unknown) => toasts.fail(explain(e, words)))
        })
      }
      soon()
    } catch (e) {
      toasts.fail(explain(e, words))
    }
  }, [load, move, rows, soon, t, toasts, words])

  const picked = useCallback(() => (chosen.size > 0 ? rows.filter((g) => chosen.has(g.key)) : current ? [current] : []), [chosen, current, rows])
  const may = me.role !== 'viewer'
  const block = useCallback((g: Group) => {
    api.finding(g.latest_id).then((r) => {
      const targets = targetsOf(r.finding)
      if (targets.length > 0) setBlocking({ finding: g.latest_id, targets })
      else toasts.fail(t('inbox.block.nothing'))
    }, (e: unknown) => toasts.fail(explain(e, words)))
  }, [t, toasts, words])

  const step = (d: number) => {
    const g = rows[Math.min(rows.length - 1, Math.max(0, at === '' ? 0 : index + d))]
    if (g) move(g.key)
  }
  usePress(closing.length > 0 || by ? {} : {
    j: () => step(1),
    k: () => step(-1),
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    x: () => { if (current) { if (at === '') move(current.key); toggle(current.key) } },
    u: () => toasts.undoLast(),
    '/': () => input.current?.focus(),
    Escape: () => setChosen(new Set()),
    ...(may ? {
      a: () => setBulk({ q, range }),
      c: () => setClosing(picked()),
      t: () => { if (current) setTuning({ rule: current.rule, name: current.rule_name, src: current.src_ip, dst: current.dst_ip, host: current.domain }) },
      e: () => void act(picked(), { status: 'escalated' }),
      b: () => { if (current) block(current) },
      r: () => setReporting(picked()),
      s: () => void act(picked(), { status: 'seen' }),
    } : {}),
    ...(current ? { Enter: () => open(current) } : {}),
  })

  const more = useCallback(() => { if (next && asking.current === '') void load(next) }, [load, next])
  const part = useWindow(by ? 0 : rows.length, body, more)
  const { show, long } = part
  useEffect(() => {
    if (!at) return
    if (long) show(index)
    else document.getElementById('row-at')?.scrollIntoView({ block: 'nearest' })
    // Scrolls when the row changes, and not when rows come.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [at, groups === undefined])

  useEffect(() => remember('/inbox', new URLSearchParams({ q, range, sort })), [q, range, sort])
  useEffect(() => { if (rows.length > 0) keepOrder(rows.map((g) => ({ id: g.latest_id, key: g.key }))) }, [rows])

  const change = (v: View, to: string | undefined = by) => go('/inbox?' + new URLSearchParams({ ...v, ...(to ? { by: to } : {}) }))
  const taken = () => [
    [t('inbox.col.severity'), t('inbox.col.what'), t('find.col.from'), t('find.col.to'), t('find.field.rule'), t('find.field.status'), t('inbox.col.first'), t('inbox.col.last'), t('inbox.col.count')],
    ...rows.map((g) => [words.word('severity', String(g.severity)), g.summary[words.lang] || g.rule_name, g.src_ip, g.domain || g.dst_ip, g.rule, words.word('status', g.status),
      utc(g.first) + 'Z', utc(g.last) + 'Z', String(g.count)]),
  ]
  const again = () => { setTurn((n) => n + 1); void load('') }
  const fresh = new Set(arrived.map((a) => a.key)).size
  return (
    <div className="page">
      <h1 className="hidden">{t('inbox.title')}</h1>
      <QueryBar view={{ q, range, sort }} change={change} problem={error instanceof Problem ? error : undefined} input={input}>
        <Select aria-label={t('inbox.by')} value={by ?? 'group'} onChange={(v) => v && change({ q, range, sort }, v === 'group' ? '' : v)} allowDeselect={false} w={190}
          data={['group', ...bundles].map((v) => ({ value: v, label: t(`inbox.by.${v}` as Key) }))} />
        <Views view={{ q, range, sort }} change={change} me={me} toasts={toasts} />
      </QueryBar>
      <LossLine range={range} />
      {!(error instanceof Problem && error.code === 'query') && <Retry error={error} again={() => void load('')} />}
      <div className="summary">
        <span>{groups !== undefined && t('inbox.total', { n: number(total) })}</span>
        {may && total > 0 && !by && chosen.size === 0 && (
          <Button size="compact-sm" variant="default" onClick={() => setBulk({ q, range })}>{t('bulk.open', { n: number(total) })} (a)</Button>
        )}
        {chosen.size > 0 && <>
          <strong>{t('inbox.selected', { n: chosen.size })}</strong>
          {may && <>
            <Button size="compact-sm" onClick={() => setClosing(picked())}>{t('finding.close')} (c)</Button>
            <Button size="compact-sm" variant="default" onClick={() => void act(picked(), { status: 'escalated' })}>{t('finding.escalate')} (e)</Button>
            <Button size="compact-sm" variant="default" onClick={() => void act(picked(), { status: 'seen' })}>{t('finding.seen')} (s)</Button>
          </>}
          <Button size="compact-sm" variant="subtle" onClick={() => setChosen(new Set())}>{t('inbox.clear')}</Button>
        </>}
        {rows.length > 0 && !by && <TableTools of={table} name="inbox" rows={taken} take={may} />}
      </div>
      {fresh > 0 && rows.length > 0 && !by && (
        <button type="button" className="fresh" onClick={() => void load('')}>{t('inbox.new', { n: fresh })}</button>
      )}
      {by ? <Bundles view={{ q, range, sort }} by={by} me={me} turn={turn + decided} failed={setError} decide={(x) => setBulk({ q: x, range })} /> : groups === undefined ? error === undefined && <Shape /> : empty ? <Empty /> : rows.length === 0 ? (
        <p className="empty"><strong>{t('inbox.none')}</strong><br />{t('inbox.none.hint')}</p>
      ) : (
        <table ref={table.ref} className={long ? 'groups long' : 'groups'} aria-rowcount={long ? total + 1 : undefined}>
          <thead>
            <tr>
              <th scope="col"><span className="hidden">{t('inbox.col.select')}</span></th>
              <th scope="col">{t('inbox.col.severity')}</th>
              <th scope="col">{t('inbox.col.what')}</th>
              <th scope="col">{t('inbox.col.who')}</th>
              <th scope="col">{t('inbox.col.trend')}</th>
              <th scope="col">{t('inbox.col.last')}</th>
              <th scope="col" className="num">{t('inbox.col.count')}</th>
            </tr>
          </thead>
          <tbody ref={body}>
            {part.before > 0 && <tr aria-hidden="true"><td colSpan={7} style={{ height: part.before, padding: 0 }} /></tr>}
            {rows.slice(part.from, part.to).map((g, i) => {
              const name = g.summary[words.lang] || g.rule_name || g.rule
              const here = g.key === current?.key && at !== ''
              return (
                <tr key={g.key} data-row aria-rowindex={long ? part.from + i + 2 : undefined} id={here ? 'row-at' : undefined} className={here ? 'at' : ''} aria-selected={chosen.has(g.key)} onClick={() => move(g.key)}>
                  <td><Checkbox size="xs" aria-label={t('inbox.select', { name })} checked={chosen.has(g.key)} onChange={() => toggle(g.key)} /></td>
                  <td><Severity level={g.severity} /></td>
                  <td>
                    <a href={'/finding/' + encodeURIComponent(g.latest_id)} onClick={(e) => { move(g.key); follow(e) }}>{name}</a>
                    <small><Pivot field="source" value={g.source} label={words.word('source', g.source)} /><span className="rule-of"> · <Pivot field="rule" value={g.rule} /></span>
                      {g.brand && <> · <Pivot field="brand" value={g.brand} /></>}{g.status !== 'new' && <> · {words.word('status', g.status)}</>}</small>
                  </td>
                  <td className="mono">{g.src_ip && <Pivot field="src" value={g.src_ip} />} → {g.domain ? <Pivot field="host" value={g.domain} /> : g.dst_ip && <Pivot field="dst" value={g.dst_ip} />}</td>
                  <td><Spark values={g.spark} open={range === 'all'} /></td>
                  <td><When at={g.last} />{g.count > 1 && g.first < g.last && <small>{t('inbox.since')} <When at={g.first} /></small>}</td>
                  <td className="num">{number(g.count)}</td>
                </tr>
              )
            })}
            {part.after > 0 && <tr aria-hidden="true"><td colSpan={7} style={{ height: part.after, padding: 0 }} /></tr>}
          </tbody>
        </table>
      )}
      {next && !by && <Button variant="default" mt="sm" onClick={() => void load(next)}>{t('inbox.more')}</Button>}
      {!by && <p className="keys">{t('inbox.keys')}</p>}
      {closing.length > 0 && <CloseDialog count={closing.length} cancel={() => setClosing([])} submit={(verdict, reason) => {
        setClosing([])
        void act(closing, { status: 'closed', verdict, reason })
      }} />}
      {reporting.length > 0 && <StartReportDialog findings={reporting.map((g) => g.latest_id)} title={reporting[0].summary[words.lang] || reporting[0].rule_name || ''} close={() => setReporting([])} />}
      {blocking && <ProposeDialog targets={blocking.targets} finding={blocking.finding} close={() => setBlocking(undefined)} toasts={toasts} />}
      {tuning && <TuneDialog scope={tuning} close={() => setTuning(undefined)} toasts={toasts} />}
      {bulk && <BulkDialog scope={bulk} close={() => setBulk(undefined)} toasts={toasts} done={again} />}
    </div>
  )
}

function Shape() {
  const { t } = useWords()
  return <div role="status" aria-busy="true" aria-label={t('common.loading')}>{Array.from({ length: 12 }, (_, i) => <Skeleton key={i} height={32} mt={4} />)}</div>
}
