// What every page's head tells: the time, how much waits, and whether the sensors can be trusted.
import { useEffect, useState } from 'react'
import { call } from '../api'
import { useWords } from '../i18n'
import { follow } from '../route'
import type { Sensor } from '../sensors'
import { clock } from '../time'

const refreshMS = 20_000

const ask = <T,>(path: string) => call<T>('GET', path, undefined, undefined, true)

// every does something now and then, as long as the page is there. Without an answer what was told before stays.
function useEvery<T>(load: () => Promise<T>): T | undefined {
  const [got, setGot] = useState<T>()
  useEffect(() => {
    let left = false
    const again = () => void load().then((v) => { if (!left) setGot(v) }, () => undefined)
    again()
    const timer = setInterval(again, refreshMS)
    return () => { left = true; clearInterval(timer) }
    // load is the same function in other words at each drawing.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [])
  return got
}

const waits = '/inbox?' + new URLSearchParams({ q: 'status:new severity>=high', range: 'all' })

// WaitingCount stands behind the inbox.
export function WaitingCount() {
  const { t, number } = useWords()
  const n = useEvery(() => ask<{ waiting: number }>('overview/waiting').then((v) => v.waiting))
  return n ? <a className="waits" href={waits} onClick={follow} aria-label={t('head.waiting', { n: number(n) })} title={t('head.waiting', { n: number(n) })}>{number(n)}</a> : null
}

// Headline is the time of Vietnam and the sensors. An account that is limited to units sees no sensors.
export function Headline() {
  const { t, number } = useWords()
  const list = useEvery(() => ask<{ sensors: Sensor[] }>('sensors').then((r) => r.sensors))
  const [now, setNow] = useState(() => new Date().toISOString())
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date().toISOString()), 5_000)
    return () => clearInterval(timer)
  }, [])
  const ill = list?.filter((s) => s.issues.length > 0).length ?? 0
  return <>
    {list && list.length > 0 && (
      <a className={ill > 0 ? 'head-sensors failure' : 'head-sensors'} href="/sensors" onClick={follow}>
        {ill > 0 ? t('head.sensors.ill', { ill: number(ill), n: number(list.length) }) : t('head.sensors', { n: number(list.length) })}
      </a>
    )}
    <time dateTime={now} title={t('head.time')}>{clock(now).slice(0, 5)}</time>
  </>
}
