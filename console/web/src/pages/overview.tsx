// Is anything burning, are we keeping up, can the sensors be trusted? Every number leads to what it counts.
import { Skeleton } from '@mantine/core'
import { useEffect, useState } from 'react'
import { api, type Overview as Numbers } from '../api'
import { explain } from '../errors'
import { useWords } from '../i18n'
import { Empty } from '../parts/empty'
import { Severity } from '../parts/severity'
import { Spark } from '../parts/spark'
import { When } from '../parts/when'
import { follow } from '../route'
import { clock, dateTime } from '../time'

const levels = ['low', 'medium', 'high', 'critical']
const refreshMS = 30_000

const inbox = (q: string, range = '24h') => '/inbox?' + new URLSearchParams({ q, range })

const wallStories = 7
const wallBars = 5
const wallSensors = 3

export function Overview({ decided, arrived, wall }: { decided: number; arrived: number; wall: boolean }) {
  const words = useWords()
  const { t, number } = words
  const [n, setN] = useState<Numbers>()
  const [error, setError] = useState<unknown>()
  useEffect(() => {
    const load = () => void api.overview().then((v) => { setN(v); setError(undefined) }, setError)
    load()
    const timer = setInterval(load, refreshMS)
    return () => clearInterval(timer)
  }, [decided, arrived > 0])
  return (
    <div className={wall ? 'page wall' : 'page'}>
      <div className="title">
        <h1>{t('overview.title')}</h1>
        {wall ? <><Clock /><a href="/" onClick={follow}>{t('overview.wall.leave')}</a></> : <a href="/?wall=1" onClick={follow}>{t('overview.wall')}</a>}
      </div>
      {error !== undefined && <p className="failure" role="alert">{explain(error, words)}</p>}
      {!n ? <Skeleton height={320} aria-label={t('common.loading')} /> : n.empty ? <Empty /> : <>
        <h2 className="quiet">{t('overview.today')}</h2>
        <div className="numbers">
          <a className="number waiting-count" href={inbox('status:new severity>=high', 'all')} onClick={follow}>
            <span>{t('overview.waiting')}</span>
            <strong>{number(n.waiting)}</strong>
            <small>{t('overview.waiting.what')}</small>
          </a>
          {[...n.severities].reverse().map((s) => (
            <a key={s.severity} className="number" href={inbox(`severity>=${levels[s.severity - 1]}`)} onClick={follow}>
              <Severity level={s.severity} />
              <strong>{number(s.count)}</strong>
              <small>{t('overview.severity.what')}</small>
              <Spark values={s.spark} />
              <small>{t('overview.trend', { n: number(s.yesterday) })}</small>
            </a>
          ))}
        </div>
        <p className="pace">
          <Pace what="overview.taken" time={n.responses.taken} /> <Pace what="overview.closed" time={n.responses.closed} />
        </p>
        {n.partial && <p className="quiet">{t('overview.partial')}</p>}
        <div className="columns">
          <section className="panel wide">
            <h2>{t('overview.stories')}</h2>
            {n.stories.length === 0 ? <p className="quiet">{t('overview.stories.none')}</p> : (
              <ul className="stories">
                {n.stories.slice(0, wall ? wallStories : undefined).map((g) => (
                  <li key={g.key}>
                    <Severity level={g.severity} />
                    <a href={'/finding/' + encodeURIComponent(g.latest_id)} onClick={follow}>{g.summary[words.lang] || g.rule_name || g.rule}</a>
                    <span className="mono quiet">{g.src_ip}</span>
                    {wall ? <When at={g.last} text={clock(g.last).slice(0, 5)} /> : <When at={g.last} />}
                  </li>
                ))}
              </ul>
            )}
          </section>
          <Bars title={t('overview.brands')} none={t('overview.brands.none')} rows={n.brands.slice(0, wall ? wallBars : undefined)} label={(x) => x} link={(x) => inbox(`brand:"${x.replaceAll('"', '')}"`)} />
          <Bars title={t('overview.stages')} none={t('overview.stages.none')} rows={n.stages.slice(0, wall ? wallBars : undefined)} label={(x) => words.word('stage', x)} link={() => inbox('source:fraud')} />
          <section className="panel">
            <h2>{t('overview.sensors')}</h2>
            <Sensors value={n.sensors} none={t('overview.sensors.none')} most={wall ? wallSensors : 24} />
          </section>
        </div>
      </>}
    </div>
  )
}

// Pace is how long people took, in the median of the last day.
function Pace({ what, time }: { what: 'overview.taken' | 'overview.closed'; time: Numbers['responses']['taken'] }) {
  const { t, number } = useWords()
  const minutes = Math.round((time?.seconds ?? 0) / 60)
  const text = !time ? t('overview.pace.none') : minutes < 1 ? t('overview.pace.seconds', { n: number(time.seconds) })
    : minutes < 120 ? t('overview.pace.minutes', { n: number(minutes) }) : t('overview.pace.hours', { n: number(time.seconds / 3600, 1) })
  return <span title={time ? t('overview.pace.from', { n: number(time.groups) }) : undefined}>{t(what)} <strong>{text}</strong></span>
}

// Clock tells the time of Vietnam on a wall, and that the screen is alive.
function Clock() {
  const [now, setNow] = useState(() => new Date().toISOString())
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date().toISOString()), 1000)
    return () => clearInterval(timer)
  }, [])
  return <time className="clock" dateTime={now}>{dateTime(now).slice(0, 10)} {clock(now)}</time>
}

function Bars({ title, none, rows, label, link }: {
  title: string; none: string; rows: { name: string; count: number }[]; label: (name: string) => string; link: (name: string) => string
}) {
  const { number } = useWords()
  const top = Math.max(1, ...rows.map((r) => r.count))
  return (
    <section className="panel">
      <h2>{title}</h2>
      {rows.length === 0 ? <p className="quiet">{none}</p> : (
        <ul className="bars">
          {rows.map((r) => (
            <li key={r.name}>
              <a href={link(r.name)} onClick={follow}>{label(r.name)}</a>
              <span className="bar"><span style={{ width: `${(r.count / top) * 100}%` }} /></span>
              <span className="count">{number(r.count)}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

// Log shows what was read of another sensor's log.
function Log({ name, n }: { name: string; n: Record<string, number> }) {
  const { t, number } = useWords()
  const bad = n.unreadable ?? 0
  return (
    <li>
      <strong className="mono">{name}</strong>
      <span>{t('sensor.records', { n: number(n.records), lines: number(n.lines ?? 0) })}</span>
      <span className={bad > 0 ? 'failure' : 'quiet'}>{bad > 0 ? t('sensor.unreadable', { n: number(bad) }) : t('sensor.readable')}</span>
    </li>
  )
}

// Sensors shows each sensor's traffic and what it lost, the worst first: a number that nobody can see is a number that nobody trusts.
function Sensors({ value, none, most }: { value: unknown; none: string; most: number }) {
  const { t, number } = useWords()
  const all = typeof value === 'object' && value !== null ? Object.entries(value as Record<string, unknown>) : []
  const lost = (n: Record<string, number>) => ((n.dropped ?? 0) / Math.max(1, (n.packets ?? 0) + (n.dropped ?? 0))) * 100
  const rows = all.filter((r): r is [string, Record<string, number>] => typeof r[1] === 'object' && r[1] !== null)
    .sort((a, b) => lost(b[1]) - lost(a[1]))
  if (rows.length === 0) return <p className="quiet">{none}</p>
  return (
    <ul className="sensors">
      {rows.slice(0, most).map(([name, n]) => {
        if (n.records !== undefined) return <Log key={name} name={name} n={n} />
        const packets = n.packets ?? 0
        const dropped = n.dropped ?? 0
        return (
          <li key={name}>
            <strong className="mono">{name}</strong>
            <span>{t('sensor.traffic', { packets: number(packets), flows: number(n.flows ?? 0) })}</span>
            <span className={dropped > 0 ? 'failure' : 'quiet'}>{dropped > 0 ? t('sensor.lost', { n: number(dropped), share: number(lost(n), 2) }) : t('sensor.whole')}</span>
            {(n.gap_bytes ?? 0) > 0 && <span className="quiet">{t('sensor.gaps', { n: number(n.gap_bytes) })}</span>}
          </li>
        )
      })}
      {rows.length > most && <li className="quiet">{t('sensor.others', { n: number(rows.length - most) })}</li>}
    </ul>
  )
}
