// A deadline in a word, with colour beside it: how much time is left, or that it is over.
import { useNow } from '../every'
import { useWords, type Words } from '../i18n'
import type { Clock } from '../reporting'

const minute = 60_000

function amount(ms: number, { t }: Words): string {
  const m = Math.max(0, Math.floor(ms / minute))
  if (m >= 24 * 60) return t('due.days', { d: Math.floor(m / (24 * 60)), h: Math.floor(m / 60) % 24 })
  return m >= 60 ? t('due.hours', { h: Math.floor(m / 60), m: m % 60 }) : t('due.minutes', { m })
}

export const atOnce = (k: Clock) => k.due_at === k.started_at

export function Deadline({ clock: k }: { clock: Clock }) {
  const words = useWords()
  const { t } = words
  const now = useNow(minute / 2)
  if (k.state === 'done') return <span className="due done">✓ {t('due.done')}</span>
  if (k.state === 'late') return <span className="due s3">✓ {t('due.late')}</span>
  const left = new Date(k.due_at).getTime() - now
  if (atOnce(k)) return <span className="due s4">! {t('due.now')}</span>
  if (left < 0) return <span className="due s4">! {t('due.over', { time: amount(-left, words) })}</span>
  const share = left / (new Date(k.due_at).getTime() - new Date(k.started_at).getTime())
  const near = share <= 0.1 ? 's4' : share <= 0.25 ? 's3' : share <= 0.5 ? 's2' : ''
  return <span className={`due ${near}`}>{near && t('due.near') + ': '}{t('due.left', { time: amount(left, words) })}</span>
}
