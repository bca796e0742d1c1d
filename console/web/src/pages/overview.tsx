// Is anything burning, are we keeping up, can the sensors be trusted? Every number leads to what it counts.
import { Skeleton } from '@mantine/core'
import { api, type Me, type Overview as Numbers } from '../api'
import { explain } from '../errors'
import { useEvery, useNow } from '../every'
import { useWords } from '../i18n'
import { Deadline } from '../parts/deadline'
import { Empty } from '../parts/empty'
import { Hours } from '../parts/hours'
import { ago, SensorIssue, urgency } from '../parts/sensorword'
import { Severity } from '../parts/severity'
import { Spark } from '../parts/spark'
import { UnitGrid } from '../parts/unitgrid'
import { When } from '../parts/when'
import { reporting } from '../reporting'
import { follow } from '../route'
import { sensors } from '../sensors'
import { clock, dateTime } from '../time'

const levels = ['low', 'medium', 'high', 'critical']
const refreshMS = 30_000
const dayMS = 86_400_000

const inbox = (q: string, range = '24h') => '/inbox?' + new URLSearchParams({ q, range })

const wallStories = 5
const wallStoriesAndUnits = 3
const wallBars = 5
const wallSensors = 3
const wallClocks = 4

export function Overview({ me, decided, arrived, wall }: { me: Me; decided: number; arrived: number; wall: boolean }) {
  const words = useWords()
  const { t, number } = words
  // On a wall these requests keep the session alive, which ends by its age: nobody stands there to log in again.
  const { answer: n, error } = useEvery(refreshMS, (alone) => api.overview(alone && !wall), [decided, arrived > 0])
  return (
    <div className={wall ? 'page wall' : 'page'}>
      <div className="title">
        <h1>{t('overview.title')}</h1>
        {wall ? <><TimeOfDay /><a href="/" onClick={follow}>{t('overview.wall.leave')}</a></> : <a href="/?wall=1" onClick={follow}>{t('overview.wall')}</a>}
      </div>
      {error !== undefined && <p className="failure" role="alert">{explain(error, words)}</p>}
      {!n ? <Skeleton height={320} role="img" aria-label={t('common.loading')} /> : n.empty ? <Empty /> : <>
        <h2 className="quiet">{t('overview.today')}</h2>
        <div className="numbers">
          <a className="number waiting-count" href={inbox('status:new severity>=high', 'all')} onClick={follow}>
            <span>{t('overview.waiting')}</span>
            <strong>{number(n.waiting)}</strong>
            <small>{t('overview.waiting.what')}</small>
          </a>
          <a className="number victims" href={'/find?' + new URLSearchParams({ q: 'source:fraud severity>=high -status:closed', range: '7d' })} onClick={follow}>
            <span>{t('overview.victims')}</span>
            <strong>{n.victims.partial ? '≥ ' : ''}{number(n.victims.devices)}</strong>
            <small>{n.victims.stages.length === 0 ? t('overview.victims.none') : n.victims.stages.slice(0, 3).map((x) => `${words.word('stage', x.name)} ${number(x.count)}`).join(' · ')}</small>
            <small>{t('overview.victims.what')}</small>
          </a>
          {[...n.severities].reverse().map((s) => (
            <a key={s.severity} className="number" href={'/find?' + new URLSearchParams({ q: `severity:${levels[s.severity - 1]}`, range: '24h', from: n.from, to: new Date(Date.parse(n.from) + dayMS).toISOString() })} onClick={follow}>
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
          <section className="panel wide worst">
            <h2>{t('overview.stories')}</h2>
            {n.stories.length === 0 ? <p className="quiet">{t('overview.stories.none')}</p> : (
              <ul className="stories">
                {n.stories.slice(0, wall ? (n.units ? wallStoriesAndUnits : wallStories) : undefined).map((g) => (
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
          {!wall && <Hours from={n.from} to={n.to} hours={n.hours} />}
          <UnitGrid units={n.units} admin={me.role === 'admin'} wall={wall} />
          <Bars title={t('overview.brands')} none={t('overview.brands.none')} rows={n.brands.slice(0, wall ? wallBars : undefined)} label={(x) => x} link={(x) => inbox(`brand:"${x.replaceAll('"', '')}"`)} />
          <Bars title={t('overview.stages')} none={t('overview.stages.none')} rows={n.stages.slice(0, wall ? wallBars : undefined)} label={(x) => words.word('stage', x)} link={(x) => inbox(`stage:${x}`)} />
          <Backlog backlog={n.backlog} />
          <Due most={wall ? wallClocks : 5} wall={wall} />
          <section className="panel">
            <h2>{t('overview.sensors')}</h2>
            <Sensors most={wall ? wallSensors : 24} />
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

// TimeOfDay tells the time of Vietnam on a wall, and that the screen is alive.
function TimeOfDay() {
  const now = new Date(useNow(1000)).toISOString()
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

// Backlog is how long what nobody has decided about has waited; the numbers are the table.
function Backlog({ backlog: b }: { backlog: Numbers['backlog'] }) {
  const words = useWords()
  const { t, number } = words
  const top = Math.max(1, ...b.ages.map((a) => a.groups))
  return (
    <section className="panel">
      <h2>{t('overview.backlog')}</h2>
      <ul className="bars">
        {b.ages.map((a, i) => (
          <li key={a.hours}>
            <span>{a.hours === 0 ? t('overview.backlog.over', { n: b.ages[i - 1]?.hours ?? 0 }) : t('overview.backlog.under', { n: a.hours })}</span>
            <span className="bar"><span className={a.hours === 0 || a.hours === 24 ? 'old' : ''} style={{ width: `${(a.groups / top) * 100}%` }} /></span>
            <span className="count">{b.partial ? '≥ ' : ''}{number(a.groups)}</span>
          </li>
        ))}
      </ul>
      <p className="quiet">{b.oldest ? <>{t('overview.backlog.oldest')} <strong>{ago((Date.now() - Date.parse(b.oldest)) / 1000, words)}</strong></> : t('overview.backlog.none')}</p>
    </section>
  )
}

// Due are the deadlines of the law that run, the nearest first.
function Due({ most: room, wall }: { most: number; wall: boolean }) {
  const { t, lang } = useWords()
  // Without an answer the panel stays a shape; the page's own error says more.
  const clocks = useEvery(refreshMS, reporting.allClocks).answer?.clocks.filter((k) => k.state === 'running' || k.state === 'overdue')
  const most = wall && (clocks?.length ?? 0) > room ? room - 1 : room // on a wall the line about the others takes the room of one
  return (
    <section className="panel due-panel">
      <h2>{t('overview.due')}</h2>
      {!clocks ? <Skeleton height={64} role="img" aria-label={t('common.loading')} /> : clocks.length === 0 ? <p className="quiet">{t('overview.due.none')}</p> : (
        <ul className="clocks">
          {clocks.slice(0, most).map((k) => (
            <li key={(k.case ?? '') + k.duty}>
              <a href={k.case ? '/cases/' + encodeURIComponent(k.case) : '/reports'} onClick={follow}>{k.case && <span className="mono">{k.case} </span>}{lang === 'en' ? k.title_en : k.title_vi}</a>
              <Deadline clock={k} />
            </li>
          ))}
        </ul>
      )}
      {(clocks?.length ?? 0) > most && <p className="quiet"><a href="/reports" onClick={follow}>{t('overview.due.more', { n: (clocks?.length ?? 0) - most })}</a></p>}
    </section>
  )
}

// Sensors says of each sensor whether it can be trusted, the worst first. An account that is limited to units sees none.
function Sensors({ most }: { most: number }) {
  const { t, number } = useWords()
  const { answer, error } = useEvery(refreshMS, sensors.list)
  const list = answer?.sensors ?? (error === undefined ? undefined : [])
  if (!list) return <Skeleton height={64} role="img" aria-label={t('common.loading')} />
  if (list.length === 0) return <p className="quiet">{t('overview.sensors.none')}</p>
  const sorted = list.toSorted((a, b) => urgency(b.issues) - urgency(a.issues) || b.losses.length - a.losses.length || a.name.localeCompare(b.name))
  return <>
    <p>{t('sensors.lead', { n: number(list.length), well: number(list.filter((s) => s.issues.length === 0).length) })}</p>
    <ul className="sensors">
      {sorted.slice(0, most).map((s) => (
        <li key={s.name}>
          <a className="mono" href={'/sensors?' + new URLSearchParams({ sensor: s.name })} onClick={follow}>{s.name}</a>{' '}
          {s.issues.length > 0 ? <SensorIssue issue={s.issues[0]} /> : s.losses.length > 0 ? <span className="s2">{t('overview.sensors.lost', { n: number(s.losses.length) })}</span> : <span className="quiet">✓ {t('overview.sensors.well')}</span>}
        </li>
      ))}
      {sorted.length > most && <li className="quiet">{t('sensor.others', { n: number(sorted.length - most) })}</li>}
    </ul>
  </>
}
