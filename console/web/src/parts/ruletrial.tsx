// What rules would have found: in the packets of a finding, of a time, or of a capture that is sent.
import { Button, FileButton, Group, SegmentedControl, Select, TextInput } from '@mantine/core'
import { useState } from 'react'
import { explain } from '../errors'
import { useWords, type Key } from '../i18n'
import { rules, type Trial } from '../rules'
import { seconds } from '../rulewords'
import { clock } from '../time'
import { Bytes } from './bytes'
import { Moment, type Typed } from './moment'
import { FaultList } from './ruletext'
import { When } from './when'

const windows = [5, 15, 60, 24 * 60, 0] // minutes; 0 is a time that is named
const captureMax = 16 << 20

export function RuleTrial({ text, ready, here, finding }: { text: string; ready: boolean; here: boolean; finding: string }) {
  const words = useWords()
  const { t, number } = words
  const sources = here ? ['window', 'finding', 'capture'] as const : ['capture'] as const
  const [source, setSource] = useState<string>(here ? (finding ? 'finding' : 'window') : 'capture')
  const [minutes, setMinutes] = useState(15)
  const [span, setSpan] = useState<{ from: Typed; to: Typed }>({ from: '', to: '' })
  const [id, setID] = useState(finding)
  const [file, setFile] = useState<File | null>(null)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState('')
  const [got, setGot] = useState<{ trial: Trial; text: string }>()
  const large = (file?.size ?? 0) > captureMax
  const start = () => {
    setBusy(true)
    setError('')
    const now = Date.now()
    const asked = source === 'finding' ? rules.tryFinding(text, id.trim().replace(/^.*\/finding\//, ''))
      : source === 'window' && minutes === 0 ? rules.tryWindow(text, span.from ?? '', span.to ?? '')
      : source === 'window' ? rules.tryWindow(text, new Date(now - minutes * 60_000).toISOString(), new Date(now).toISOString())
      : file ? rules.tryCapture(text, file) : undefined
    asked?.then((trial) => setGot({ trial, text }), (e: unknown) => { setGot(undefined); setError(explain(e, words)) }).finally(() => setBusy(false))
  }
  const may = ready && (source === 'window' && (minutes > 0 || (span.from && span.to && Date.parse(span.to) > Date.parse(span.from))) || source === 'finding' && id.trim() !== '' || source === 'capture' && file !== null && !large)
  return (
    <section className="panel admin trial">
      <h2>{t('rules.try')}</h2>
      <p className="quiet">{t('rules.try.what')}</p>
      <Group gap="xs" align="flex-end">
        {sources.length > 1 && <SegmentedControl size="xs" aria-label={t('rules.try.on')} value={source} onChange={setSource} data={sources.map((s) => ({ value: s, label: t(`rules.try.${s}` as Key) }))} />}
        {source === 'window' && <Select aria-label={t('rules.try.window')} w={160} value={String(minutes)} onChange={(v) => setMinutes(Number(v))} allowDeselect={false}
          data={windows.map((m) => ({ value: String(m), label: m === 0 ? t('rules.try.span') : m < 60 ? t('rules.try.minutes', { n: m }) : t('rules.try.hours', { n: m / 60 }) }))} />}
        {source === 'window' && minutes === 0 && (['from', 'to'] as const).map((end) => <Moment key={end} aria-label={t(`rules.try.${end}`)} value={span[end]} onChange={(v) => setSpan((s) => ({ ...s, [end]: v }))} />)}
        {source === 'finding' && <TextInput w={320} aria-label={t('rules.try.id')} placeholder={t('rules.try.id')} value={id} onChange={(e) => setID(e.currentTarget.value)} classNames={{ input: 'mono' }} />}
        {source === 'capture' && <FileButton onChange={setFile} accept=".pcap,.pcapng,.gz,.zst,.cap">{(p) => <Button {...p} variant="default">{file ? `${file.name} (${number(file.size / 1024)} KiB)` : t('rules.try.file')}</Button>}</FileButton>}
        <Button variant="default" disabled={!may} loading={busy} onClick={start}>{t('rules.try.start')}</Button>
      </Group>
      {large && source === 'capture' && <p className="failure" role="alert">{t('rules.try.large')}</p>}
      {error && <p className="failure" role="alert">{error}</p>}
      {got && <Result trial={got.trial} old={got.text !== text} />}
    </section>
  )
}

function Result({ trial: r, old }: { trial: Trial; old: boolean }) {
  const words = useWords()
  const { t, number, lang } = words
  if (r.faults.length > 0) return <FaultList list={r.faults} />
  return (
    <div role="status" className="result">
      <p>{t('rules.tried', { packets: number(r.packets), seconds: seconds(r.microseconds, words) })} {r.from && <When at={r.from} to={r.to} />}{old && <strong className="s2"> {t('rules.tried.old')}</strong>}</p>
      {r.stopped && <p className="s2">{t(r.stopped === 'time' ? 'rules.tried.time' : 'rules.tried.size')}</p>}
      {r.damaged && <p className="s2">{t('rules.tried.damaged')} <span className="mono">{r.damaged}</span></p>}
      {r.rules.map((x) => (
        <details key={`${x.gid}:${x.sid}`} open={x.matches > 0 && r.rules.length < 4}>
          <summary><strong className={x.matches > 0 ? '' : 'quiet'}>{x.matches > 0 ? t('rules.tried.matches', { n: number(x.matches) }) : t('rules.tried.silent')}</strong> {x.msg} <small className="mono">{x.gid}:{x.sid}</small> <small className="quiet">{t('rules.tried.looks', { n: number(x.looks), us: number(x.microseconds / Math.max(1, x.looks), 1) })}</small></summary>
          {x.hits.map((h, i) => (
            <div key={i} className="hit">
              <span className="mono"><time dateTime={h.time}>{clock(h.time)}</time> {h.src} → {h.dst} {h.what}</span>
              {h.reasons.map((reason, j) => <div key={j}><span className="quiet">{reason[lang]}</span><Bytes reason={reason} /></div>)}
            </div>
          ))}
          {x.matches > x.hits.length && <p className="quiet">{t('rules.tried.first', { n: number(x.hits.length) })}</p>}
        </details>
      ))}
    </div>
  )
}
