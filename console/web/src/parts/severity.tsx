// Severity is told by word and shape; colour only repeats it.
import { useWords, type Key } from '../i18n'

const shapes: Record<number, string> = {
  1: 'M8 3a5 5 0 1 0 0 10A5 5 0 0 0 8 3Zm0 2a3 3 0 1 1 0 6 3 3 0 0 1 0-6Z', // ring
  2: 'M3 3h10v10H3Z', // square
  3: 'M8 2l7 12H1Z', // triangle
  4: 'M8 0l8 8-8 8-8-8Zm-1 4v5h2V4Zm0 6v2h2v-2Z', // diamond with a mark
}

export function Severity({ level }: { level: number }) {
  const { t } = useWords()
  const n = Math.min(4, Math.max(1, level))
  return (
    <span className={`severity s${n}`}>
      <svg viewBox="0 0 16 16" width="12" height="12" aria-hidden="true"><path fillRule="evenodd" d={shapes[n]} /></svg>
      {t(`severity.${n}` as Key)}
    </span>
  )
}
