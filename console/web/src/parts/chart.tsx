// A chart that says what it shows: a sentence for who does not see it, and the same numbers as a table.
import { Button } from '@mantine/core'
import { lazy, Suspense, useId, useState, type ReactNode } from 'react'
import { useWords } from '../i18n'

const Plot = lazy(() => import('./plot').then((m) => ({ default: m.Plot })))

// Drawing is bars over equal parts of a range of numbers. A null is a part of which nothing is known yet.
export interface Drawing {
  from: number
  to: number
  bars: (number | null)[]
  line?: number[]
  ticks: (pixels: number) => number[]
  tick: (at: number) => string
  amount?: (n: number) => string // at the other axis
  pick?: (from: number, to: number) => void // parts, the last one exclusive
}

export function Chart({ drawing, essence, caption, hover, legend, head, rows }: {
  drawing: Drawing; essence: string; caption: string; hover: (part: number) => string; legend?: ReactNode; head: string[]; rows: { key: string; cells: ReactNode[] }[]
}) {
  const { t } = useWords()
  const [open, setOpen] = useState(false)
  const [at, setAt] = useState<number>()
  const id = useId()
  return (
    <div className="chart">
      <div className="plot" role="img" aria-label={essence}>
        <Suspense fallback={<div className="canvas" />}><Plot of={drawing} hover={setAt} /></Suspense>
      </div>
      <div className="under">
        <span className="legend">{legend}</span>
        <span className="hover" aria-hidden="true">{at === undefined ? essence : hover(at)}</span>
        <Button className="noprint" size="compact-xs" variant="subtle" aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>{t(open ? 'chart.hide' : 'chart.table')}</Button>
      </div>
      <div id={id} className={open ? 'figures' : 'figures shut'} tabIndex={open ? 0 : undefined} role="region" aria-label={caption}>
        <table className="ages">
          <caption>{caption}</caption>
          <thead><tr>{head.map((h, i) => <th key={h} scope="col" className={i > 0 ? 'num' : undefined}>{h}</th>)}</tr></thead>
          <tbody>{rows.map((r) => <tr key={r.key}>{r.cells.map((c, i) => (i === 0 ? <th key={i} scope="row">{c}</th> : <td key={i} className="num">{c}</td>))}</tr>)}</tbody>
        </table>
      </div>
    </div>
  )
}
