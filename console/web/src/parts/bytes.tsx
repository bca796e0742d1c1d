// Bytes as hex and as text; those that matched are marked.
import type { Reason } from '../api'
import { decode, rows, type Hit } from '../bytes'
import { useWords } from '../i18n'

export function Bytes({ reason }: { reason: Reason }) {
  const { t } = useWords()
  if (!reason.excerpt) return null
  const bytes = decode(reason.excerpt)
  const label = t('finding.bytes', { buffer: reason.buffer ?? '?', offset: reason.offset ?? 0, length: reason.length ?? 0 })
  return (
    <figure className="bytes">
      <figcaption>{label}{masked(bytes) && <> · {t('finding.masked')}</>}</figcaption>
      <Hex bytes={bytes} label={label} start={reason.excerpt_offset} hits={[{ from: reason.offset ?? 0, length: reason.length ?? 0 }]} />
    </figure>
  )
}

// masked says whether secrets were replaced by asterisks.
export const masked = (bytes: Uint8Array) => bytes.some((b, i) => b === 0x2a && bytes[i + 1] === 0x2a && bytes[i + 2] === 0x2a)

export function Hex({ bytes, label, start = 0, hits = [] }: { bytes: Uint8Array; label: string; start?: number; hits?: Hit[] }) {
  return (
    <pre tabIndex={0} aria-label={label}>
      {rows(bytes, start, hits).map((r) => (
        <div key={r.offset}>
          <span className="offset">{r.offset.toString(16).padStart(6, '0')}  </span>
          {r.runs.map((x, i) => (x.hit ? <mark key={i}>{x.hex}</mark> : <span key={i}>{x.hex}</span>))}
          {'   '.repeat(r.pad) + (r.pad >= 9 ? ' ' : '') + ' '}
          {r.runs.map((x, i) => (x.hit ? <mark key={i}>{x.text}</mark> : <span key={i}>{x.text}</span>))}
        </div>
      ))}
    </pre>
  )
}
