// One calm line over what is shown of a time range in which packets were lost: there may be more than is seen.
import { useEffect, useState } from 'react'
import { useWords, type Words } from '../i18n'
import { follow } from '../route'
import { sensors, type Loss } from '../sensors'
import { clock, dateTime } from '../time'

// lossTime is when it was, with the day where that is another than now's.
export function lossTime(l: Loss): string {
  const short = (iso: string) => clock(iso).slice(0, 5)
  const day = dateTime(l.to).slice(0, 10)
  const span = short(l.from) === short(l.to) ? short(l.to) : `${short(l.from)}–${short(l.to)}`
  return day === dateTime(new Date().toISOString()).slice(0, 10) ? span : `${span} ${day.slice(0, 5)}`
}

export function share(n: number, { number, t }: Words): string {
  return n < 0.001 ? t('loss.little') : number(n * 100, 1) + ' %'
}

// LossLine asks for a range of the pages' names, or for the time from…to; of one sensor where that is known.
export function LossLine({ range = '', from = '', to = '', sensor = '' }: { range?: string; from?: string; to?: string; sensor?: string }) {
  const words = useWords()
  const { t, number } = words
  const [list, setList] = useState<Loss[]>([])
  useEffect(() => {
    const leave = new AbortController()
    const window: Record<string, string> = from && to ? { from, to } : { range: range || 'all' }
    // Who cannot ask sees the page's own error; the line adds nothing to that.
    sensors.losses(new URLSearchParams({ ...window, sensor }), leave.signal).then((r) => setList(r.losses), () => { if (!leave.signal.aborted) setList([]) })
    return () => leave.abort()
  }, [range, from, to, sensor])
  if (list.length === 0) return null
  const worst = list.reduce((a, b) => (b.share > a.share ? b : a))
  const what = { where: worst.interface, time: lossTime(worst), share: share(worst.share, words), n: number(list.length - 1) }
  return (
    <p className="lossline" role="note">
      <span aria-hidden="true">◌ </span>
      {t(list.length === 1 ? 'loss.line' : 'loss.lines', what)}{' '}
      <a href={'/sensors?' + new URLSearchParams({ sensor: worst.sensor })} onClick={follow}>{t('loss.more')}</a>
    </p>
  )
}
