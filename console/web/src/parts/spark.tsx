// Twelve bars: how often in each twelfth of the time range.
import { useWords } from '../i18n'

// open says that the time has no bounds: the parts are those from the first to the last.
export function Spark({ values, open }: { values: number[] | null; open?: boolean }) {
  const { t } = useWords()
  const v = values ?? []
  const top = Math.max(1, ...v)
  const label = t(open ? 'inbox.spark.open' : 'inbox.spark', { values: v.join(', ') })
  return (
    <svg className="spark" viewBox="0 0 60 16" width="60" height="16" role="img" aria-label={label}>
      <title>{label}</title>
      {v.map((n, i) => {
        const h = n === 0 ? 1 : Math.max(3, Math.round((n / top) * 16))
        return <rect key={i} x={i * 5} y={16 - h} width="4" height={h} className={n === 0 ? 'none' : ''} />
      })}
    </svg>
  )
}
