// When a sensor lost packets in the last day: the highest share in each quarter of an hour.
import { useWords } from '../i18n'
import { go } from '../route'
import type { Loss } from '../sensors'
import { tick, ticks } from '../ticks'
import { span } from '../time'
import { Chart } from './chart'
import { share } from './lossline'

const part = 15 * 60_000
const parts = 96

export function LossChart({ list, now }: { list: Loss[]; now: string }) {
  const words = useWords()
  const { t, number } = words
  const to = Math.ceil(Date.parse(now) / part) * part
  const from = to - parts * part
  const highest = Array.from({ length: parts }, (_, i) => list.reduce((most, l) => {
    const begin = from + i * part
    return Date.parse(l.from) < begin + part && Date.parse(l.to) >= begin ? Math.max(most, l.share) : most
  }, 0))
  const edge = (i: number) => new Date(from + i * part).toISOString()
  const between = (i: number) => span(edge(i), edge(i + 1))
  const most = highest.indexOf(Math.max(...highest))
  if (highest[most] === 0) return null
  const pick = (a: number, b: number) => go('/find?' + new URLSearchParams({ q: `source:health sensor:"${list[0].sensor.replaceAll('"', '')}"`, range: '24h', from: edge(a), to: edge(b) }))
  return <Chart essence={t('losses.essence', { n: number(list.length), at: between(most), share: share(highest[most], words) })} caption={t('losses.caption')}
    hover={(i) => `${between(i)}: ${highest[i] === 0 ? t('sensors.lost.none') : share(highest[i], words)}`} head={[t('find.part'), t('losses.share')]}
    drawing={{ from, to, bars: highest.map((n) => n * 100), ticks: (pixels) => ticks(from, to, pixels), tick, amount: (n) => `${number(n)} %`, pick }}
    rows={highest.flatMap((n, i) => (n === 0 ? [] : [{ key: edge(i), cells: [<button type="button" className="pivot" onClick={() => pick(i, i + 1)}>{between(i)}</button>, share(n, words)] }]))} />
}
