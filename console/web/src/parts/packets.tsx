// The packets of a finding's flow that are kept: looked at only when somebody asks, since that is audited.
import { Button } from '@mantine/core'
import { useState } from 'react'
import { api, type PacketList, type Reason } from '../api'
import { decode } from '../bytes'
import { explain } from '../errors'
import { useWords } from '../i18n'
import { hitsIn } from '../matched'
import { milli } from '../time'
import { Hex, masked } from './bytes'
import { When } from './when'

export function Packets({ id, reasons }: { id: string; reasons: Reason[] }) {
  const words = useWords()
  const { t, number } = words
  const [got, setGot] = useState<PacketList>()
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const [open, setOpen] = useState<number>()
  const load = () => {
    setBusy(true)
    setError(undefined)
    api.packets(id).then(setGot, setError).finally(() => setBusy(false))
  }
  const shown = open === undefined ? undefined : got?.packets[open]
  const bytes = shown && decode(shown.bytes)
  return (
    <section className="noprint packets">
      <h2>{t('packets.title')}</h2>
      {!got && <p className="quiet">{t('packets.lead')}</p>}
      {error !== undefined && <p role="alert" className="failure">{explain(error, words)}</p>}
      {!got ? <Button size="sm" variant="default" loading={busy} onClick={load}>{t('packets.show')}</Button> : <>
        <p>
          {got.more ? t('packets.first', { n: number(got.packets.length) }) : t('packets.all', { n: number(got.packets.length) })}
          {got.damaged && <> · <strong className="failure">{t('packets.damaged')}</strong></>} ·{' '}
          <a href={`/api/v1/findings/${encodeURIComponent(id)}/packets.pcapng`} download>{t('packets.download', { size: number(got.max_bytes / 2 ** 20) })}</a>
        </p>
        <div className="scroll" tabIndex={0} role="region" aria-label={t('packets.title')}>
          <table className="groups plain dense">
            <thead><tr>
              <th scope="col">{t('packets.time')}</th><th scope="col">{t('packets.way')}</th><th scope="col">{t('packets.protocol')}</th>
              <th scope="col" className="num">{t('packets.length')}</th><th scope="col">{t('packets.flags')}</th><th scope="col">{t('packets.content')}</th>
            </tr></thead>
            <tbody>
              {got.packets.map((p, i) => (
                <tr key={i} className={i === open ? 'at' : ''}>
                  <td className="mono"><When at={p.time} text={milli(p.time)} /></td>
                  <td className="mono">{p.direction === 'in' ? `${p.to} ← ${p.from}` : `${p.from} → ${p.to}`}</td>
                  <td className="mono">{p.protocol}</td>
                  <td className="num">{number(p.length)}</td>
                  <td className="mono">{p.flags.join(' ')}</td>
                  <td className="mono">{p.size > 0 ? (
                    <button type="button" className="pivot" aria-expanded={i === open} onClick={() => setOpen(i === open ? undefined : i)}>
                      {hitsIn(decode(p.bytes), reasons).length > 0 && <mark title={t('packets.matched')}>◆<span className="hidden"> {t('packets.matched')} </span></mark>}{preview(decode(p.bytes))}
                    </button>
                  ) : <span className="quiet">{t('packets.empty')}</span>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        {shown && bytes && (
          <figure className="bytes">
            <figcaption>
              {t('packets.bytes', { n: number(bytes.length), size: number(shown.size) })}{masked(bytes) && <> · {t('finding.masked')}</>}
            </figcaption>
            <Hex bytes={bytes} label={t('packets.content')} hits={hitsIn(bytes, reasons)} />
          </figure>
        )}
      </>}
    </section>
  )
}

const shownBytes = 32

// preview is the beginning of a content as text.
function preview(bytes: Uint8Array): string {
  const text = Array.from(bytes.subarray(0, shownBytes), (b) => (b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : '·')).join('')
  return bytes.length > shownBytes ? text + '…' : text
}
