// What do we block, why, until when, and is it really enforced?
import { Button, Group, Skeleton, TextInput } from '@mantine/core'
import { useCallback, useEffect, useRef, useState, type FormEvent } from 'react'
import { Problem, type Me } from '../api'
import { alarmName, alarmWhy, blocking, type Decision, type Report, type Standing } from '../blocking'
import { explain } from '../errors'
import { useEvery } from '../every'
import { useWords } from '../i18n'
import { ActDialog, type Act } from '../parts/blockact'
import { PowerDialog, type Power } from '../parts/blockpower'
import { Consumers } from '../parts/consumers'
import { Decisions } from '../parts/decisions'
import { Protection } from '../parts/effect'
import { Policies } from '../parts/policies'
import { Retry } from '../parts/retry'
import type { ToastBox } from '../parts/toast'
import { Requests } from '../parts/unblock'
import { When } from '../parts/when'
import { follow, go } from '../route'

const often = 15_000 // ms between two looks at how blocking stands

// filters are the views of the table; the address bar holds which.
const filters = {
  open: ['proposed', 'dry_run', 'approved', 'active'],
  proposed: ['proposed'],
  dry_run: ['dry_run'],
  approved: ['approved'],
  active: ['active'],
  ended: ['expired', 'revoked'],
} as const
type Filter = keyof typeof filters

export function Blocking({ address, me, toasts }: { address: URL; me: Me; toasts: ToastBox }) {
  const words = useWords()
  const { t } = words
  const { answer: standing, error, again: load } = useEvery(often, blocking.standing)
  const [power, setPower] = useState<Power>()
  const [stamp, setStamp] = useState(0)
  const changed = useCallback(() => { load(); setStamp((n) => n + 1) }, [load])
  const off = error instanceof Problem && error.code === 'blocking_off'
  return (
    <div className="page">
      <h1>{t('blocking.title')}</h1>
      {off ? <Off here={false} /> : <Retry error={error} again={load} />}
      {!standing ? error === undefined && <Skeleton height={320} role="img" aria-label={t('common.loading')} /> : !off && <>
        {standing.off && <Off here />}
        <State standing={standing} me={me} power={setPower} />
        <Why address={address} />
        <List address={address} me={me} toasts={toasts} standing={standing} stamp={stamp} changed={changed} />
        {!standing.off && <Consumers list={standing.consumers ?? []} status={standing.status} />}
        {!standing.off && !me.units?.length && <Policies me={me} toasts={toasts} changed={changed} />}
        {me.role !== 'viewer' && <Requests key={stamp} changed={load} toasts={toasts} />}
        {power && <PowerDialog power={power} standing={standing} close={() => setPower(undefined)} changed={changed} toasts={toasts} />}
      </>}
    </div>
  )
}

// Off says how blocking is turned on; here is whether this process could.
function Off({ here }: { here: boolean }) {
  const { t } = useWords()
  return (
    <section className="empty">
      <h2>{t('blocking.off')}</h2>
      <p>{t(here ? 'blocking.off.here' : 'blocking.off.away')}</p>
      <ol>
        <li>{t('blocking.off.copy')}<pre tabIndex={0}>cp deploy/config/hooks.yaml DATA/hooks.yaml</pre></li>
        <li>{t('blocking.off.read')} <code>deploy/BLOCKING.md</code></li>
        <li>{t('blocking.off.start')}<pre tabIndex={0}>khien run --data DATA …</pre></li>
      </ol>
    </section>
  )
}

function State({ standing, me, power }: { standing: Standing; me: Me; power: (p: Power) => void }) {
  const words = useWords()
  const { t, number, word } = words
  const s = standing.status
  const lead = me.role === 'lead' || me.role === 'admin'
  return (
    <section className="panel admin">
      {s.killed && <p className="failure">▲ {t('blocking.killed')}</p>}
      <p><strong>{t('blocking.now', { n: number(s.entries) })}</strong> · {word('blocking.mode', s.mode)} · {t('blocking.version', { n: s.version })}, <When at={s.changed} /></p>
      {s.alarms.length === 0 ? <p className="quiet">✓ {t('blocking.quiet')}</p> : (
        <ul className="alarms" aria-label={t('blocking.alarms')}>
          {s.alarms.map((a) => (
            <li key={a.key}><strong className="failure">▲ {alarmName(a, words)}</strong> <small>{t('blocking.since')} <When at={a.since} /></small><br /><span className="quiet">{alarmWhy(a, words)}</span></li>
          ))}
        </ul>
      )}
      {lead && <Group gap="xs" mt="xs">
        {s.held && <Button size="compact-sm" color="red" onClick={() => power('accept')}>{t('power.accept')}</Button>}
        {s.killed ? <Button size="compact-sm" onClick={() => power('resume')}>{t('power.resume')}</Button>
          : <Button size="compact-sm" variant="outline" color="red" onClick={() => power('kill')}>{t('power.kill')}</Button>}
        {s.versions.length > 1 && <Button size="compact-sm" variant="default" onClick={() => power('rollback')}>{t('power.rollback')}</Button>}
      </Group>}
    </section>
  )
}

// Why answers for one value; the address bar holds which.
function Why({ address }: { address: URL }) {
  const words = useWords()
  const { t } = words
  const asked = address.searchParams.get('why') ?? ''
  const [value, setValue] = useState(asked)
  const [report, setReport] = useState<Report>()
  const [error, setError] = useState<unknown>()
  useEffect(() => {
    setValue(asked)
    setReport(undefined)
    setError(undefined)
    if (asked === '') return
    let old = false
    blocking.why(asked).then((r) => { if (!old) setReport(r.report) }, (e: unknown) => { if (!old) setError(e) })
    return () => { old = true }
  }, [asked])
  const send = (e: FormEvent) => {
    e.preventDefault()
    const next = new URL(address)
    if (value.trim()) next.searchParams.set('why', value.trim())
    else next.searchParams.delete('why')
    go(next.pathname + next.search)
  }
  return (
    <section className="panel admin">
      <form className="query why" onSubmit={send}>
        <TextInput className="grow" label={t('why.label')} placeholder={t('why.placeholder')} value={value} onChange={(e) => setValue(e.currentTarget.value)} maxLength={1024} />
        <Button type="submit" variant="default">{t('why.ask')}</Button>
      </form>
      {error !== undefined && <p className="failure" role="alert">{explain(error, words)}</p>}
      {report && <div role="status">
        <p><strong>{t(report.blocked ? 'why.blocked' : 'why.free', { value: report.value })}</strong></p>
        <Protection report={report} />
        {report.decisions?.length ? <Decisions list={report.decisions} /> : <p className="quiet">{t('why.none')}</p>}
      </div>}
    </section>
  )
}

function List({ address, me, toasts, standing, stamp, changed }: { address: URL; me: Me; toasts: ToastBox; standing: Standing; stamp: number; changed: () => void }) {
  const words = useWords()
  const { t, number } = words
  const given = address.searchParams.get('state') ?? ''
  const filter: Filter = Object.hasOwn(filters, given) ? (given as Filter) : 'open'
  const [page, setPage] = useState<{ list: Decision[]; total: number; next: string }>()
  const [error, setError] = useState<unknown>()
  const [act, setAct] = useState<Act>()
  const asked = useRef(0)
  const load = useCallback((after: string) => {
    const turn = ++asked.current
    return blocking.decisions(filters[filter], after).then((r) => {
      if (turn !== asked.current) return // of another tab, or of an older list
      setPage((p) => ({ list: [...(after && p ? p.list : []), ...r.page.decisions], total: r.page.total, next: r.page.next }))
      setError(undefined)
    }, (e: unknown) => { if (turn === asked.current) setError(e) })
  }, [filter])
  const { version, states } = standing.status
  useEffect(() => { void load('') }, [load, stamp, version])
  const count = (f: Filter) => filters[f].reduce((n, s) => n + (states[s] ?? 0), 0)
  const to = (f: Filter) => {
    const next = new URL(address)
    next.searchParams.set('state', f)
    return next.pathname + next.search
  }
  return (
    <section className="panel admin">
      <h2>{t('blocking.decisions')}</h2>
      <nav className="tabs" aria-label={t('blocking.decisions')}>
        {(Object.keys(filters) as Filter[]).map((f) => <a key={f} href={to(f)} onClick={follow} aria-current={f === filter ? 'page' : undefined}>{t(`blocking.filter.${f}`)} <span className="count">{number(count(f))}</span></a>)}
      </nav>
      <Retry error={error} again={() => void load('')} />
      {!page ? error === undefined && <Skeleton height={160} role="img" aria-label={t('common.loading')} /> : page.list.length === 0 ? <p className="quiet">{t('blocking.none')}</p> : <>
        <Decisions list={page.list} me={me} act={setAct} />
        {page.next && <Button mt="xs" size="compact-sm" variant="default" onClick={() => void load(page.next)}>{t('blocking.more', { n: number(page.total - page.list.length) })}</Button>}
      </>}
      {act && <ActDialog act={act} consumers={standing.consumers ?? []} close={() => setAct(undefined)} done={changed} toasts={toasts} />}
    </section>
  )
}
