// How findings lie in time: bars, and the same numbers as a table. A bar leads to its time, and so does what is dragged over.
import { memo } from 'react'
import { useWords } from '../i18n'
import { tick, ticks } from '../ticks'
import { span } from '../time'
import { Chart } from './chart'

// The page is made anew for each scroll of its table; this is not.
export const Histogram = memo(function Histogram({ from, to, parts, pick }: { from: string; to: string; parts: number[]; pick: (from: string, to: string) => void }) {
  const { t, number } = useWords()
  const start = Date.parse(from)
  const end = Date.parse(to)
  const width = (end - start) / parts.length
  const edge = (i: number) => new Date(start + width * i).toISOString()
  const top = Math.max(...parts)
  const most = parts.indexOf(top)
  const between = (i: number) => span(edge(i), edge(i + 1))
  return (
    <figure className="histogram">
      <Chart essence={t('find.histogram', { total: number(parts.reduce((a, b) => a + b, 0)), from: span(from, from), to: span(to, to), at: between(most), n: number(top) })}
        caption={t('find.caption')} hover={(i) => `${between(i)}: ${number(parts[i])}`} head={[t('find.part'), t('bundles.findings')]}
        drawing={{ from: start, to: end, bars: parts, ticks: (pixels) => ticks(start, end, pixels), tick, pick: (a, b) => pick(edge(a), edge(b)) }}
        rows={parts.flatMap((n, i) => (n === 0 ? [] : [{ key: edge(i), cells: [<button type="button" className="pivot" onClick={() => pick(edge(i), edge(i + 1))}>{between(i)}</button>, number(n)] }]))} />
    </figure>
  )
})
