// How findings lie in time: bars, and the same numbers as a table. A bar leads to its time.
import { useWords } from '../i18n'
import { span } from '../time'

const height = 64

export function Histogram({ from, to, parts, pick }: { from: string; to: string; parts: number[]; pick: (from: string, to: string) => void }) {
  const { t, number } = useWords()
  const start = Date.parse(from)
  const width = (Date.parse(to) - start) / parts.length
  const edge = (i: number) => new Date(start + width * i).toISOString()
  const top = Math.max(1, ...parts)
  const label = (i: number) => `${span(edge(i), edge(i + 1))}: ${number(parts[i])}`
  return (
    <figure className="histogram">
      <svg viewBox={`0 0 ${parts.length * 10} ${height}`} preserveAspectRatio="none" role="img" aria-label={t('find.histogram', { n: number(top), from: span(from, from), to: span(to, to) })}>
        {parts.map((n, i) => (
          <g key={i} onClick={() => pick(edge(i), edge(i + 1))}>
            <title>{label(i)}</title>
            <rect className="room" x={i * 10} y={0} width={10} height={height} />
            <rect x={i * 10 + 1} width={8} y={height - (n === 0 ? 1 : Math.max(3, (n / top) * height))} height={n === 0 ? 1 : Math.max(3, (n / top) * height)} className={n === 0 ? 'none' : ''} />
          </g>
        ))}
      </svg>
      <figcaption><span>{span(from, from)}</span><span>{t('find.top', { n: number(top) })}</span><span>{span(to, to)}</span></figcaption>
      <details>
        <summary>{t('find.table')}</summary>
        <ul className="counts">
          {parts.map((n, i) => n > 0 && (
            <li key={i}><button type="button" className="pivot" onClick={() => pick(edge(i), edge(i + 1))}>{span(edge(i), edge(i + 1))}</button><span className="count">{number(n)}</span></li>
          ))}
        </ul>
      </details>
    </figure>
  )
}
