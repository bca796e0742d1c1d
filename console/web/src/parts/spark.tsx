// Twelve bars: how often in each twelfth of the time range.
import { useWords } from '../i18n'

export function Spark({ values }: { values: number[] | null }) {
  const { t } = useWords()
  const v = values ?? []
  const top = Math.max(1, ...v)
  return (
    <svg className="spark" viewBox="0 0 60 16" width="60" height="16" role="img" aria-label={t('inbox.spark', { values: v.join(', ') })}>
      <title>{t('inbox.spark', { values: v.join(', ') })}</title>
      {v.map((n, i) => {
        const h = n === 0 ? 1 : Math.max(3, Math.round((n / top) * 16))
        return <rect key={i} x={i * 5} y={16 - h} width="4" height={h} className={n === 0 ? 'none' : ''} />
      })}
    </svg>
  )
}
