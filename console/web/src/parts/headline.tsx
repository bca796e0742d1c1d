// What every page's head tells: the time, how much waits, and whether the sensors can be trusted.
import { api } from '../api'
import { useEvery, useNow } from '../every'
import { useWords } from '../i18n'
import { follow } from '../route'
import { sensors } from '../sensors'
import { clock } from '../time'

const refreshMS = 20_000
const clockMS = 5_000
const most = 999 // what is more is told by the title

const waits = '/inbox?' + new URLSearchParams({ q: 'status:new severity>=high', range: 'all' })

// WaitingCount stands behind the inbox.
export function WaitingCount() {
  const { t, number } = useWords()
  const n = useEvery(refreshMS, () => api.waiting(true)).answer?.waiting
  // Its place is kept: the links behind it do not move when the number comes, grows or goes.
  return <span className="waits-at">{n ? <a className="waits" href={waits} onClick={follow} aria-label={t('head.waiting', { n: number(n) })} title={t('head.waiting', { n: number(n) })}>{n > most ? `${number(most)}+` : number(n)}</a> : null}</span>
}

// Headline is the time of Vietnam and the sensors. An account that is limited to units sees no sensors.
export function Headline() {
  const { t, number } = useWords()
  const list = useEvery(refreshMS, () => sensors.list(true)).answer?.sensors
  const now = new Date(useNow(clockMS)).toISOString()
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
