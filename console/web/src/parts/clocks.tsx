// The deadlines of one case: duty, when it is due, what is left, and how it was done.
import { Button, Group, TextInput, Textarea } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { useWords } from '../i18n'
import { verified, type Clock, type Regime } from '../reporting'
import { atOnce, Deadline } from './deadline'
import { Dialog } from './dialog'
import { Moment, type Typed } from './moment'
import { When } from './when'

export interface SentForm {
  duty: string
  at: string
  via: string
  receipt: string
  late_reason: string
}

export function Clocks({ clocks, regime, send }: { clocks: Clock[]; regime?: Regime; send?: (x: SentForm) => Promise<boolean> }) {
  const { t, lang } = useWords()
  const [sending, setSending] = useState<Clock>()
  if (clocks.length === 0) return <p className="quiet">{t('clock.none')}</p>
  const to = (k: Clock) => regime?.pack.duties.find((d) => d.id === k.duty)?.to.map((id) => {
    const r = regime.pack.recipients.find((x) => x.id === id)
    return r ? r[lang] + (verified(r) ? '' : ` (${t('law.unverified')})`) : id
  }) ?? []
  return (
    <>
      <table className="groups plain duties">
        <thead><tr><th scope="col">{t('clock.duty')}</th><th scope="col">{t('clock.due')}</th><th scope="col">{t('clock.state')}</th>{send && <th scope="col"><span className="hidden">{t('finding.action')}</span></th>}</tr></thead>
        <tbody>
          {clocks.map((k) => (
            <tr key={k.duty}>
              <td className="text"><strong>{lang === 'en' ? k.title_en : k.title_vi}</strong>{!k.verified && <small>{t('law.unverified')}</small>}
                {to(k).map((who) => <div key={who} className="quiet">{t('clock.to', { who })}</div>)}</td>
              <td>{atOnce(k) ? t('clock.atonce') : <When at={k.due_at} />}</td>
              <td className="text"><Deadline clock={k} />
                {k.sent && <div className="quiet"><When at={k.sent.at} />, {k.sent.by}: {k.sent.via}{k.sent.receipt && <> · {t('clock.receipt', { text: k.sent.receipt })}</>}
                  {k.sent.late_reason && <> · {t('clock.late', { text: k.sent.late_reason })}</>}</div>}</td>
              {send && <td>{!k.sent && <Button size="compact-sm" variant="default" onClick={() => setSending(k)} aria-label={`${t('clock.mark')}: ${lang === 'en' ? k.title_en : k.title_vi}`}>{t('clock.mark')}</Button>}</td>}
            </tr>
          ))}
        </tbody>
      </table>
      {send && sending && <SentDialog clock={sending} close={() => setSending(undefined)} send={send} />}
    </>
  )
}

function SentDialog({ clock: k, close, send }: { clock: Clock; close: () => void; send: (x: SentForm) => Promise<boolean> }) {
  const { t, lang } = useWords()
  const [x, setX] = useState({ at: new Date().toISOString() as Typed, via: '', receipt: '', late: '' })
  const at = x.at ?? ''
  const late = at !== '' && !atOnce(k) && new Date(at) > new Date(k.due_at)
  const submit = (e: FormEvent) => {
    e.preventDefault()
    void send({ duty: k.duty, at, via: x.via.trim(), receipt: x.receipt.trim(), late_reason: late ? x.late.trim() : '' }).then((ok) => { if (ok) close() })
  }
  return (
    <Dialog onClose={close} title={t('clock.mark')}>
      <form onSubmit={submit}>
        <p><strong>{lang === 'en' ? k.title_en : k.title_vi}</strong></p>
        <p className="quiet">{t('clock.mark.effect')}</p>
        <Moment label={t('clock.sent.at')} value={x.at} onChange={(at) => setX({ ...x, at })} required />
        <TextInput mt="sm" label={t('clock.via')} placeholder={t('clock.via.hint')} value={x.via} onChange={(e) => setX({ ...x, via: e.currentTarget.value })} maxLength={300} required data-autofocus />
        <TextInput mt="sm" label={t('clock.receipt.label')} value={x.receipt} onChange={(e) => setX({ ...x, receipt: e.currentTarget.value })} maxLength={300} />
        {late && <Textarea mt="sm" label={t('clock.late.label')} value={x.late} onChange={(e) => setX({ ...x, late: e.currentTarget.value })} maxLength={1000} required />}
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={close}>{t('common.cancel')}</Button>
          <Button type="submit" disabled={at === '' || x.via.trim() === '' || (late && x.late.trim() === '')}>{t('common.save')}</Button>
        </Group>
      </form>
    </Dialog>
  )
}
