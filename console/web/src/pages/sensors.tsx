// Does it work? Each sensor: how it is in words, what it carries, what it lost when and why, how far behind it is.
import { Skeleton } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { useEvery } from '../every'
import { useWords, type Key, type Words } from '../i18n'
import { LossChart } from '../parts/losses'
import { lossTime, share } from '../parts/lossline'
import { Retry } from '../parts/retry'
import { ago, SensorIssue, urgency } from '../parts/sensorword'
import { Severity } from '../parts/severity'
import { When } from '../parts/when'
import { follow } from '../route'
import { sensors, type Capture, type Loss, type Sensor } from '../sensors'

const often = 10_000 // ms: as often as sensors tell how they are
const stages = ['interface_packets', 'ring_packets', 'decode_segments', 'fragment_packets', 'gap_bytes', 'memcap_segments', 'memcap_flows', 'memcap_files',
  'parser_limit_flows', 'overload_rounds'] as const

// hints are the codes for which the pages know what to do. A later core may know more.
const hints = ['silent', 'disk', 'loss', 'rules_refused', 'rules_old', 'clock_skew', 'lag', 'spool_dropped', 'no_packets', 'one_sided', 'bug']
const known = (code: string) => hints.includes(code)

interface Rate {
  packets: number
  bits: number
}

export function Sensors({ address }: { address: URL }) {
  const words = useWords()
  const { t, number } = words
  const [rates, setRates] = useState<Record<string, Rate>>({})
  const before = useRef(new Map<string, { at: number; packets: number; bytes: number }>())
  const measure = (list: Sensor[]) => {
    for (const s of list) {
      const sum = (f: (c: Capture) => number) => s.captures.reduce((n, c) => n + f(c), 0)
      const next = { at: Date.parse(s.seen), packets: sum((c) => c.packets), bytes: sum((c) => c.bytes) }
      const last = before.current.get(s.name)
      if (last?.at === next.at) continue
      before.current.set(s.name, next)
      // A sensor that began again counts from nothing.
      if (!last || next.packets < last.packets) continue
      const seconds = (next.at - last.at) / 1000
      setRates((x) => ({ ...x, [s.name]: { packets: (next.packets - last.packets) / seconds, bits: ((next.bytes - last.bytes) * 8) / seconds } }))
    }
  }
  const { answer, error, again } = useEvery(often, (alone) => sensors.list(alone).then((r) => { measure(r.sensors); return r }))
  const list = answer?.sensors
  const bad = (s: Sensor) => urgency(s.issues)
  const sorted = list?.toSorted((a, b) => bad(b) - bad(a) || a.name.localeCompare(b.name))
  const at = address.searchParams.get('sensor')
  useEffect(() => {
    if (at && list) document.getElementById('sensor-' + at)?.scrollIntoView({ block: 'start' })
    // Once, when they are there.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [at, list === undefined])
  const well = sorted?.filter((s) => bad(s) === 0).length ?? 0
  return (
    <div className="page">
      <h1>{t('sensors.title')}</h1>
      <Retry error={error} again={again} />
      {!answer || !sorted ? error === undefined && <Skeleton height={320} role="img" aria-label={t('common.loading')} /> : sorted.length === 0 ? <Nothing /> : <>
        <p className="quiet" aria-live="polite">{t('sensors.lead', { n: number(sorted.length), well: number(well) })}{answer.more && ' ' + t('sensors.more')}</p>
        {sorted.map((s) => <One key={s.name} sensor={s} now={answer.now} rate={rates[s.name]} />)}
      </>}
    </div>
  )
}

function Nothing() {
  const { t } = useWords()
  return (
    <section className="empty">
      <h2>{t('sensors.none')}</h2>
      <p>{t('sensors.none.what')}</p>
      <pre tabIndex={0}>{'khien run -i eth0\nkhien sensor -i eth0'}</pre>
    </section>
  )
}

// size writes a number of bits or bytes with its prefix.
function size(n: number, unit: string, { number }: Words): string {
  const steps = ['', 'k', 'M', 'G', 'T']
  let i = 0
  for (; n >= 1000 && i < steps.length - 1; i++) n /= 1000
  return `${number(n, i === 0 || n >= 100 ? 0 : 1)} ${steps[i]}${unit}`
}

function One({ sensor: s, now, rate }: { sensor: Sensor; now: string; rate?: Rate }) {
  const words = useWords()
  const { t, number } = words
  const silent = s.issues.some((i) => i.code === 'silent')
  const lag = s.lag?.records ?? s.spool.findings.records + s.spool.telemetry.records
  const lost = s.spool.findings.dropped + s.spool.telemetry.dropped
  return (
    <section className={silent ? 'panel sensor silent' : 'panel sensor'} id={'sensor-' + s.name}>
      <h2><span className="mono">{s.name}</span>{s.own && <small className="quiet"> {t('sensors.own')}</small>}</h2>
      {s.issues.length === 0 ? <p><span aria-hidden="true">✓ </span>{t(s.losses.length > 0 ? 'sensors.well.now' : 'sensors.well')}</p> : (
        <ul className="issues">
          {s.issues.map((i) => (
            <li key={i.code + (i.detail ?? '')}>
              <SensorIssue issue={i} />{' '}
              <span>{known(i.code) && t(`sensors.do.${i.code}` as Key)}</span>
              {i.detail && !['bug', 'no_packets', 'one_sided'].includes(i.code) && <><br /><span className="quiet mono">{i.detail}</span></>}
            </li>
          ))}
        </ul>
      )}
      <dl className="lead">
        <div><dt>{t('sensors.version')}</dt><dd>{s.version || '–'}</dd></div>
        <div><dt>{t('sensors.rules')}</dt><dd><Rules of={s} /></dd></div>
        <div><dt>{t('sensors.rate')}</dt><dd>{silent ? '–' : !rate ? <span className="quiet">{t('sensors.measuring')}</span> : rate.packets === 0 ? <strong className="s2">{t('sensors.nothing')}</strong> : `${number(rate.packets)} ${t('sensors.pps')} · ${size(rate.bits, 'bit/s', words)}`}</dd></div>
        <div><dt>{t('sensors.lag')}</dt><dd>{lag === 0 ? t('sensors.lag.none') : t('sensors.lag.n', { n: number(lag) })}{(s.lag?.oldest_seconds ?? 0) > 0 && lag > 0 && ', ' + t('sensors.lag.oldest', { time: ago(s.lag?.oldest_seconds ?? 0, words) })}{lost > 0 && <strong className="failure"> · {t('sensors.lag.dropped', { n: number(lost) })}</strong>}</dd></div>
        {!s.own && <div><dt>{t('sensors.clock')}</dt><dd>{Math.abs(s.skew_ms) < 1000 ? t('sensors.clock.right') : t(s.skew_ms > 0 ? 'sensors.clock.ahead' : 'sensors.clock.behind', { n: number(Math.abs(s.skew_ms) / 1000, 1) })}</dd></div>}
        <div><dt>{t('sensors.seen')}</dt><dd>{s.own ? t('sensors.seen.now') : <><When at={s.seen} /> <span className="quiet">({ago((Date.parse(now) - Date.parse(s.seen)) / 1000, words)})</span></>}</dd></div>
      </dl>
      {s.captures.length > 0 && <Captures list={s.captures} />}
      <Losses list={s.losses} now={now} />
    </section>
  )
}

function Rules({ of: s }: { of: Sensor }) {
  const { t, number } = useWords()
  const r = s.rules
  if (!r) return <>–</>
  const wanted = r.wanted && r.wanted.number !== r.running?.number && r.wanted
  return <>
    {r.running && <>{t('sensors.rules.number', { n: r.running.number })} <span className="mono quiet">{r.running.hash.slice(0, 8)}</span> · </>}{t('sensors.rules.loaded', { n: number(r.loaded) })}
    {wanted && <strong className="s2"> → {t('sensors.rules.wanted', { n: wanted.number })}</strong>}
    {r.rejected > 0 && <strong className="s2"> · {t('sensors.rules.rejected', { n: number(r.rejected) })}</strong>}
  </>
}

function Captures({ list }: { list: Capture[] }) {
  const words = useWords()
  const { t, number } = words
  return (
    <table className="groups plain sheet">
      <thead>
        <tr>
          <th scope="col">{t('sensors.col.interface')}</th>
          <th scope="col" className="num">{t('sensors.col.packets')}</th>
          <th scope="col" className="num">{t('sensors.col.bytes')}</th>
          <th scope="col" className="num">{t('sensors.col.flows')}</th>
          <th scope="col">{t('sensors.col.lost')}</th>
        </tr>
      </thead>
      <tbody>
        {list.map((c) => {
          if (c.lines) {
            return (
              <tr key={c.name}>
                <td className="mono">{c.name}</td>
                <td colSpan={3} className="num">{t('sensor.records', { n: number(c.records ?? 0), lines: number(c.lines) })}</td>
                <td>{c.unreadable ? <strong className="s3">{t('sensor.unreadable', { n: number(c.unreadable) })}</strong> : <span className="quiet">{t('sensor.readable')}</span>}</td>
              </tr>
            )
          }
          const lost = stages.filter((x) => (c.lost[x] ?? 0) > 0)
          return (
            <tr key={c.name}>
              <td className="mono">{c.name}</td>
              <td className="num" data-label={t('sensors.col.packets')}>{number(c.packets)}</td>
              <td className="num" data-label={t('sensors.col.bytes')}>{size(c.bytes, 'B', words)}</td>
              <td className="num" data-label={t('sensors.col.flows')}>{number(c.flows)}</td>
              <td data-label={t('sensors.col.lost')}>
                {lost.length === 0 ? <span className="quiet">{t('sensors.lost.none')}</span> : (
                  <details>
                    <summary>{c.dropped > 0 ? <strong className="s3">{t('sensors.lost.packets', { n: number(c.dropped), share: share(c.dropped / Math.max(1, c.packets + c.dropped), words) })}</strong>
                      : t('sensors.lost.stages', { n: number(lost.length) })}</summary>
                    <ul className="counts">{lost.map((x) => <li key={x}><span>{t(`sensors.stage.${x}` as Key)}</span><span className="count">{number(c.lost[x])}</span></li>)}</ul>
                  </details>
                )}
              </td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}

function Losses({ list, now }: { list: Loss[]; now: string }) {
  const { t, lang } = useWords()
  if (list.length === 0) return null
  return <>
    <h3>{t('sensors.losses')}</h3>
    <LossChart list={list} now={now} />
    <ul className="losses">
      {list.slice(0, 20).map((l) => (
        <li key={l.id}>
          <Severity level={l.severity} />
          <time className="mono" dateTime={l.from}>{lossTime(l)}</time>
          <a href={'/finding/' + encodeURIComponent(l.id)} onClick={follow}>{l.text[lang] || l.text.vi}</a>
        </li>
      ))}
    </ul>
    {list.length > 20 && <p className="quiet"><a href={'/find?' + new URLSearchParams({ q: `source:health sensor:"${list[0].sensor}"`, range: '24h' })} onClick={follow}>{t('sensors.losses.all', { n: list.length })}</a></p>}
  </>
}
