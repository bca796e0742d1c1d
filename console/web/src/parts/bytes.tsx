// The bytes that matched, as hex and as text, with their surroundings.
import type { Reason } from '../api'
import { decode, rows } from '../bytes'
import { useWords } from '../i18n'

export function Bytes({ reason }: { reason: Reason }) {
  const { t } = useWords()
  if (!reason.excerpt) return null
  const start = reason.excerpt_offset ?? 0
  const bytes = decode(reason.excerpt)
  const label = t('finding.bytes', { buffer: reason.buffer ?? '?', offset: reason.offset ?? 0, length: reason.length ?? 0 })
  const masked = bytes.some((b, i) => b === 0x2a && bytes[i + 1] === 0x2a && bytes[i + 2] === 0x2a)
  return (
    <figure className="bytes">
      <figcaption>{label}{masked && <> · {t('finding.masked')}</>}</figcaption>
      <pre tabIndex={0} aria-label={label}>
        {rows(bytes, start, reason.offset ?? 0, reason.length ?? 0).map((r) => (
          <div key={r.offset}>
            <span className="offset">{r.offset.toString(16).padStart(6, '0')}  </span>
            {r.runs.map((x, i) => (x.hit ? <mark key={i}>{x.hex}</mark> : <span key={i}>{x.hex}</span>))}
            {'   '.repeat(r.pad) + (r.pad >= 9 ? ' ' : '') + ' '}
            {r.runs.map((x, i) => (x.hit ? <mark key={i}>{x.text}</mark> : <span key={i}>{x.text}</span>))}
          </div>
        ))}
      </pre>
    </figure>
  )
}
