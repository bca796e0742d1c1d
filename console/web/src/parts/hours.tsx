// Findings by the hour: today as bars, yesterday as a line. An hour leads to its findings.
import type { Overview } from '../api'
import { useWords } from '../i18n'
import { follow, go } from '../route'
import { Chart } from './chart'

const hour = 3_600_000

export function Hours({ from, to, hours }: { from: string; to: string; hours: Overview['hours'] }) {
  const { t, number } = useWords()
  const { today, yesterday } = hours
  const midnight = Date.parse(from)
  const now = Math.min(23, Math.floor((Date.parse(to) - midnight) / hour)) // this hour is not over
  const edge = (i: number) => new Date(midnight + i * hour).toISOString()
  const find = (a: number, b: number) => '/find?' + new URLSearchParams({ q: '', range: '24h', from: edge(a), to: edge(b) })
  const sum = (list: number[]) => list.reduce((a, b) => a + b, 0)
  const most = (list: number[]) => Math.max(...list)
  const said = (day: 'today' | 'yesterday', list: number[]) => (sum(list) === 0 ? t(`hours.${day}.none`) : t(`hours.${day}.some`, { n: number(sum(list)), hour: list.indexOf(most(list)), most: number(most(list)) }))
  return (
    <section className="panel wide hours">
      <h2>{t('hours.title')}</h2>
      <Chart essence={`${said('today', today)} ${said('yesterday', yesterday)}`} caption={t('hours.title')}
        hover={(i) => t('hours.at', { from: i, to: i + 1, today: i > now ? '–' : number(today[i]), yesterday: number(yesterday[i]) })}
        legend={<><span className="swatch bar-of">{t('hours.today')}</span> <span className="swatch line-of">{t('hours.yesterday')}</span></>}
        drawing={{ from: 0, to: 24, bars: today.map((n, i) => (i > now ? null : n)), line: yesterday, ticks: (pixels) => Array.from({ length: 25 }, (_, i) => i).filter((i) => i % (pixels < 560 ? 6 : 2) === 0),
          tick: (h) => t('hours.tick', { hour: h }), pick: (a, b) => go(find(a, b)) }}
        head={[t('hours.hour'), t('hours.today'), t('hours.yesterday')]}
        rows={today.map((n, i) => ({ key: String(i), cells: [<a href={find(i, i + 1)} onClick={follow}>{t('hours.span', { from: i, to: i + 1 })}</a>, i > now ? '–' : number(n), number(yesterday[i])] }))} />
    </section>
  )
}
