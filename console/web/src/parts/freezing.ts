// What one action froze and what it could not, in words.
import type { Freezing } from '../casework'
import type { Words } from '../i18n'

export function told(x: Freezing, { t, number, word }: Words): string {
  const why = new Map<string, number>()
  for (const s of x.skipped) {
    const key = `${word('evidence.of', s.of)}: ${word('evidence.why', s.why)}`
    why.set(key, (why.get(key) ?? 0) + 1)
  }
  return [t('evidence.done', { n: number(x.frozen.length), known: number(x.known) }), ...[...why].map(([k, n]) => `${k} (${n})`), x.more ? t('evidence.again') : ''].filter(Boolean).join(' · ')
}
