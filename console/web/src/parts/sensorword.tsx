// How a sensor is, in words.
import { useWords, type Key, type Words } from '../i18n'
import type { Issue } from '../sensors'

// ago is how long it is since a time, in the largest unit that says something.
export function ago(seconds: number, { t, number }: Words): string {
  const s = Math.max(0, Math.round(seconds))
  if (s < 120) return t('ago.seconds', { n: number(s) })
  if (s < 7200) return t('ago.minutes', { n: number(s / 60) })
  return s < 172_800 ? t('ago.hours', { n: number(s / 3600) }) : t('ago.days', { n: number(s / 86_400) })
}

const sentence = (s: string) => s.charAt(0).toUpperCase() + s.slice(1)

export function SensorIssue({ issue: i }: { issue: Issue }) {
  const words = useWords()
  const { t, lang, number } = words
  const n = i.n ?? 0
  return (
    <strong className={i.state === 'critical' ? 'failure' : 's2'}>
      <span aria-hidden="true">▲ </span>
      {i.text ? sentence(i.text[lang] || i.text.vi) : t(`sensors.issue.${i.code}` as Key, { time: ago(n, words), n: i.code === 'clock_skew' ? number(Math.abs(n) / 1000, 1) : number(n), where: i.detail ?? '' })}
    </strong>
  )
}

// urgency is how soon somebody should look at a sensor: at a silent one first; 0 is well.
export const urgency = (issues: Issue[]) => (issues.some((i) => i.code === 'silent') ? 3 : issues.some((i) => i.state === 'critical') ? 2 : issues.length > 0 ? 1 : 0)
