// Does it work? The rules: what is loaded and what is not, which rules find much, cost much or are wrong, and one's own.
import { Button, Group, Select, Skeleton, TextInput } from '@mantine/core'
import { useCallback, useEffect, useState, type FormEvent } from 'react'
import { Problem, type Me } from '../api'
import { explain } from '../errors'
import { useEvery } from '../every'
import { useWords, type Key } from '../i18n'
import { OwnRules } from '../parts/ownrules'
import { Retry } from '../parts/retry'
import { RuleSheet } from '../parts/rulesheet'
import { RuleSets, Standing } from '../parts/rulesets'
import { Table } from '../parts/tabletools'
import type { ToastBox } from '../parts/toast'
import { When } from '../parts/when'
import { follow, go } from '../route'
import { rules, type Rule, type Sets } from '../rules'
import { said, seconds } from '../rulewords'

const tabs = ['list', 'sets', 'own'] as const
const often = 15_000
const whileMeasuring = 1000

export function Rules({ address, me, toasts }: { address: URL; me: Me; toasts: ToastBox }) {
  const words = useWords()
  const { t } = words
  const p = address.searchParams
  const id = p.get('rule')
  const tab = tabs.find((x) => x === p.get('tab')) ?? 'list'
  const { answer: sets, error, again: load } = useEvery((s) => (s?.cost.running ? whileMeasuring : often), rules.sets)
  const off = error instanceof Problem && error.code === 'rules_off'
  const at = off ? 'own' : tab
  return (
    <div className="page">
      <h1>{t('rules.title')}</h1>
      {off ? <p className="empty">{t('rules.off')}</p> : <Retry error={error} again={load} />}
      {!sets && !off ? error === undefined && <Skeleton height={320} role="img" aria-label={t('common.loading')} /> : <>
        {sets && <Standing sets={sets} />}
        {!off && <nav className="tabs" aria-label={t('rules.title')}>
          {tabs.map((x) => <a key={x} href={'/rules?' + new URLSearchParams({ tab: x })} onClick={follow} aria-current={!id && at === x ? 'page' : undefined}>{t(`rules.tab.${x}`)}</a>)}
        </nav>}
        {sets && id ? <RuleSheet key={id} id={id} me={me} toasts={toasts} sets={sets} changed={load} />
          : sets && at === 'list' ? <List address={address} sets={sets} me={me} changed={load} toasts={toasts} />
          : sets && at === 'sets' ? <RuleSets sets={sets} />
          : <OwnRules me={me} toasts={toasts} here={!off} packets={sets?.packets ?? false} finding={p.get('finding') ?? ''} copy={p.get('copy') ?? ''} changed={load} />}
      </>}
    </div>
  )
}

const states = ['', 'on', 'off', 'tuned'] as const
const orders = ['hits', 'last', 'cost', 'precision', 'file'] as const

function List({ address, sets, me, changed, toasts }: { address: URL; sets: Sets; me: Me; changed: () => void; toasts: ToastBox }) {
  const words = useWords()
  const { t, number } = words
  const p = address.searchParams
  const asked = { q: p.get('q') ?? '', state: p.get('state') ?? '', set: p.get('set') ?? '', sort: p.get('sort') ?? 'hits' }
  const key = JSON.stringify(asked)
  const [typed, setTyped] = useState(asked.q)
  const [page, setPage] = useState<{ rules: Rule[]; total: number; next: string; partial: boolean }>()
  const [error, setError] = useState<unknown>()
  const load = useCallback((cursor: string) => {
    const leave = new AbortController()
    rules.list(new URLSearchParams({ ...(JSON.parse(key) as Record<string, string>), cursor }), leave.signal).then((r) => {
      setPage((old) => (cursor && old ? { ...r, rules: [...old.rules, ...r.rules] } : r))
      setError(undefined)
    }, (e: unknown) => { if (!leave.signal.aborted) setError(e) })
    return leave
  }, [key])
  // Rules that were loaded again, and new costs, show in the list.
  useEffect(() => {
    const leave = load('')
    return () => leave.abort()
  }, [load, sets.since, sets.cost.at])
  const show = (change: Partial<typeof asked>) => go('/rules?' + new URLSearchParams({ ...asked, ...change }), true)
  const submit = (e: FormEvent) => { e.preventDefault(); show({ q: typed.trim() }) }
  return <>
    <form className="query" onSubmit={submit} role="search">
      <TextInput className="grow" aria-label={t('rules.search')} placeholder={t('rules.search.hint')} value={typed} onChange={(e) => setTyped(e.currentTarget.value)} maxLength={200} />
      <Select aria-label={t('rules.state')} value={asked.state} onChange={(v) => show({ state: v ?? '' })} allowDeselect={false} w={150} data={states.map((x) => ({ value: x, label: t(`rules.state.${x || 'any'}` as Key) }))} />
      <Select aria-label={t('rules.set')} value={asked.set} onChange={(v) => show({ set: v ?? '' })} allowDeselect={false} w={210} searchable nothingFoundMessage={t('rules.none')}
        data={[{ value: '', label: t('rules.set.any') }, ...sets.files.filter((f) => f.kind === 'signatures').map((f) => ({ value: f.name, label: f.name.replace(/^.*\//, '') }))]} />
      <Select aria-label={t('rules.sort')} value={asked.sort} onChange={(v) => show({ sort: v ?? 'hits' })} allowDeselect={false} w={190} data={orders.map((x) => ({ value: x, label: t(`rules.sort.${x}`) }))} />
      <Button type="submit">{t('rules.find')}</Button>
    </form>
    <Cost sets={sets} me={me} changed={changed} toasts={toasts} />
    {error !== undefined && <p className="failure" role="alert">{explain(error, words)}</p>}
    {!page ? error === undefined && <Skeleton height={320} role="img" aria-label={t('common.loading')} /> : <>
      <p className="quiet" role="status">{t('rules.total', { n: number(page.total) })}{page.partial && ' ' + t('rules.partial')}</p>
      {page.total === 0 ? <p className="empty">{t('rules.empty')}</p> : (
        <Table name="rules" className="groups plain sheet ruletable">
          <thead>
            <tr>
              <th scope="col">{t('rules.col.rule')}</th>
              <th scope="col">{t('rules.state')}</th>
              <th scope="col" className="num">{t('rules.col.day')}</th>
              <th scope="col" className="num">{t('rules.col.week')}</th>
              <th scope="col">{t('rules.col.last')}</th>
              <th scope="col" className="num">{t('rules.col.right')}</th>
              <th scope="col" className="num">{t('rules.col.cost')}</th>
            </tr>
          </thead>
          <tbody>{page.rules.map((r) => <Row key={r.id} rule={r} atleast={page.partial} />)}</tbody>
        </Table>
      )}
      {page.next && <Button mt="sm" variant="default" onClick={() => load(page.next)}>{t('rules.more')}</Button>}
    </>}
  </>
}

function Row({ rule: r, atleast }: { rule: Rule; atleast: boolean }) {
  const { t, number } = useWords()
  const judged = r.true_positives + r.false_positives
  const hits = (n: number, range: string) => (n === 0 ? <span className="quiet">0</span>
    : <a href={'/inbox?' + new URLSearchParams({ q: `rule:${r.sid}`, range })} onClick={follow}>{atleast ? '≥ ' : ''}{number(n)}</a>)
  return (
    <tr className={r.state === 'off' ? 'over' : ''}>
      <td className="text"><a href={'/rules?' + new URLSearchParams({ rule: r.id })} onClick={follow}>{r.msg || t('rules.nameless')}</a> <small className="mono">{r.id} · {r.file.replace(/^.*\//, '')}:{r.line}</small></td>
      <td data-label={t('rules.state')}>{t(`rules.state.${r.state}`)}</td>
      <td className="num" data-label={t('rules.col.day')}>{hits(r.hits_24h, '24h')}</td>
      <td className="num" data-label={t('rules.col.week')}>{hits(r.hits_7d, '7d')}</td>
      <td data-label={t('rules.col.last')}>{r.last ? <When at={r.last} /> : <span className="quiet">–</span>}</td>
      <td className="num" data-label={t('rules.col.right')}>{judged === 0 ? <span className="quiet">–</span> : t('rules.right', { share: number((100 * r.true_positives) / judged), n: number(judged) })}</td>
      <td className="num" data-label={t('rules.col.cost')}>{r.cost === undefined ? <span className="quiet">–</span> : number(100 * r.cost, r.cost < 0.1 ? 1 : 0) + ' %'}</td>
    </tr>
  )
}

// Cost says how the costs of the list were measured, or how to measure them.
function Cost({ sets, me, changed, toasts }: { sets: Sets; me: Me; changed: () => void; toasts: ToastBox }) {
  const words = useWords()
  const { t, number } = words
  const c = sets.cost
  const lead = me.role === 'lead' || me.role === 'admin'
  const start = () => { rules.measure(15).then(changed, (e: unknown) => toasts.fail(explain(e, words))) }
  return (
    <Group gap="xs" mt="xs" className="quiet">
      <span>{c.running ? t('rules.cost.running') : c.at && c.packets > 0 ? <>{t('rules.cost.how', { packets: number(c.packets), seconds: seconds(c.microseconds, words), share: number(Math.min(100, c.rules / Math.max(1, c.microseconds * 10))) })} {c.from && <When at={c.from} to={c.to} />}{c.stopped && ' ' + t('rules.cost.stopped')}</> : sets.packets ? t('rules.cost.none') : t('rules.cost.packets')}</span>
      {c.error && <span className="failure">{t('rules.cost.failed')} {said(c.error, words)}</span>}
      {sets.packets && lead && <Button size="compact-sm" variant="default" loading={c.running} onClick={start}>{t('rules.cost.start')}</Button>}
    </Group>
  )
}
