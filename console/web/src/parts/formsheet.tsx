// One form of a case: what stands in it and where that came from, what is missing, what a person has to confirm, and issuing it.
import { Button, Checkbox, Group, Select, Skeleton, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { useAnswer } from '../every'
import { useWords } from '../i18n'
import { previewPDF, reporting, verified, type Form, type FormRef, type IncidentView, type Issued, type Regime } from '../reporting'
import { Confirm } from './ask'
import { FactLine, type Typed } from './fact'
import { Retry } from './retry'
import type { ToastBox } from './toast'
import { When } from './when'

export function FormSheet({ id, at, choose, regimes, view, change, open, issued, toasts }: {
  id: string; at: FormRef; choose: (f: FormRef) => void; regimes: Regime[]; view: IncidentView
  change: (send: (version: number) => Promise<IncidentView>) => Promise<boolean>; open: boolean; issued: (x: Issued) => void; toasts: ToastBox
}) {
  const words = useWords()
  const { t, lang } = words
  const [issuing, setIssuing] = useState(false)
  const regime = regimes.find((r) => r.pack.id === at.pack)
  const form = regime?.forms.find((f) => f.id === at.form)
  // What changes the incident changes the form.
  const { answer: filled, error, again: load } = useAnswer([id, at.pack, at.form].join(' '), () => reporting.preview(id, { pack: at.pack, form: at.form }), [view])
  const save = (key: string, x: Typed) => change((version) => reporting.edit(id, at.pack, version, [{ key, ...x }]))
  const confirm = (what: string, reason: string) => change((version) => reporting.confirm(id, at.pack, version, what, reason))
  const confirmed = view.incident.confirmed ?? {}
  const asks = filled?.sections.some((s) => s.fields.some((f) => f.map === 'incident.severity')) ?? false
  const waiting = asks && !confirmed.severity
  const missing = filled?.missing ?? []
  return (
    <section>
      <h2>{t('form.title')}</h2>
      <Select label={t('form.choose')} value={`${at.pack}/${at.form}`} allowDeselect={false} searchable
        onChange={(v) => { const [pack, name] = (v ?? '').split('/'); if (name) choose({ pack, form: name }) }}
        data={regimes.map((r) => ({ group: r.pack.title, items: r.forms.map((f) => ({ value: `${r.pack.id}/${f.id}`, label: lang === 'en' ? f.en : f.title })) }))} />
      <Retry error={error} again={load} />
      {!filled || !form || !regime ? error === undefined && <Skeleton mt="md" height={320} role="img" aria-label={t('common.loading')} /> : <>
        {form.suggested && <p className="quiet">{t('form.suggested')}</p>}
        <Basis form={form} regime={regime} view={view} confirm={open ? confirm : undefined} />
        {asks && <Severity regime={regime} view={view} confirm={open ? confirm : undefined} />}
        {missing.length > 0 && (
          <div className="lacking" role="status">
            <strong>{t('form.missing', { n: missing.length })}</strong>
            <ul>{missing.map((m) => <li key={m.key}><a href={'#field-' + m.key}>{lang === 'en' ? m.en : m.label}</a> <small className="quiet">{filled.sections.find((x) => x.fields.some((f) => f.key === m.key))?.title}</small></li>)}</ul>
          </div>
        )}
        <Group mt="sm" gap="xs" className="noprint">
          <Button component="a" variant="default" href={previewPDF(id, at)} target="_blank" rel="noopener">{t('form.preview')}</Button>
          {open && <Button disabled={missing.length > 0 || waiting} onClick={() => setIssuing(true)}>{t('form.issue')}</Button>}
          {open && missing.length > 0 && <span className="quiet">{t('form.issue.missing')}</span>}
          {open && missing.length === 0 && waiting && <span className="quiet">{t('form.issue.severity')}</span>}
        </Group>
        {filled.sections.map((s, i) => (
          <div key={i} className="part">
            <h3>{s.title}</h3>
            <dl>{s.fields.map((f) => <FactLine key={`${at.form} ${f.key}`} field={f} fact={view.incident.facts[f.map]} save={open ? save : undefined} />)}</dl>
            {s.text && <p className="quiet">{s.text}</p>}
          </div>
        ))}
        {issuing && <IssueDialog close={() => setIssuing(false)} form={form} regime={regime} send={() => reporting.issue(id, at).then((x) => {
          toasts.say(t('form.issued', { number: x.printed_number }))
          issued(x)
        })} />}
      </>}
    </section>
  )
}

type Confirm = (what: string, reason: string) => Promise<boolean>

function Severity({ regime, view, confirm }: { regime: Regime; view: IncidentView; confirm?: Confirm }) {
  const { t, lang } = useWords()
  const [reason, setReason] = useState('')
  const code = view.incident.facts['incident.severity']?.values?.[0]
  const severity = regime.pack.severities.find((s) => s.id === code)
  const done = view.incident.confirmed?.severity
  if (!severity) return null
  const send = (e: FormEvent) => { e.preventDefault(); void confirm?.('severity', reason.trim()).then((ok) => { if (ok) setReason('') }) }
  return (
    <div className="confirm">
      <p><strong>{t('severity.proposed', { name: severity[lang] })}</strong>{!verified(severity) && <small> {t('law.unverified')}</small>}<br /><span className="quiet">{severity.rule}</span></p>
      {done ? <p>✓ {t('severity.confirmed', { who: done.by })} <When at={done.at} />{done.reason && <>: {done.reason}</>}</p>
        : confirm && <form className="query" onSubmit={send}>
          <TextInput className="grow" aria-label={t('severity.reason')} placeholder={t('severity.reason')} value={reason} onChange={(e) => setReason(e.currentTarget.value)} maxLength={1000} />
          <Button type="submit" variant="default" disabled={reason.trim() === ''}>{t('severity.confirm')}</Button>
        </form>}
    </div>
  )
}

function Basis({ form, regime, view, confirm }: { form: Form; regime: Regime; view: IncidentView; confirm?: Confirm }) {
  const { t, lang } = useWords()
  const [asked, setAsked] = useState('')
  const [reason, setReason] = useState('')
  const list = regime.pack.citations.filter((c) => form.basis.includes(c.id))
  if (list.length === 0) return null
  return (
    <div className="confirm">
      <strong>{t('form.basis')}</strong>
      <ul>
        {list.map((c) => {
          const done = view.incident.confirmed?.['citation:' + c.id]
          return (
            <li key={c.id}>
              {lang === 'en' && c.en ? c.en : c.vi}{' '}
              {!verified(c) && !done && <><strong className="s3">{t('law.unverified')}</strong> <span className="quiet">{t('law.unverified.effect')}</span>{' '}
                {confirm && asked !== c.id && <Button size="compact-xs" variant="subtle" aria-label={`${t('law.confirm')}: ${c.vi}`} onClick={() => { setAsked(c.id); setReason('') }}>{t('law.confirm')}</Button>}</>}
              {done && <span>✓ {t('law.confirmed', { who: done.by })} <When at={done.at} />{done.reason && <>: {done.reason}</>}</span>}
              {confirm && asked === c.id && (
                <form className="query" onSubmit={(e) => { e.preventDefault(); void confirm('citation:' + c.id, reason.trim()).then((ok) => { if (ok) setAsked('') }) }}>
                  <TextInput className="grow" aria-label={t('law.reason')} placeholder={t('law.reason')} value={reason} onChange={(e) => setReason(e.currentTarget.value)} maxLength={1000} />
                  <Button type="submit" variant="default" disabled={reason.trim() === ''}>{t('law.confirm')}</Button>
                </form>
              )}
            </li>
          )
        })}
      </ul>
    </div>
  )
}

function IssueDialog({ close, form, regime, send }: { close: () => void; form: Form; regime: Regime; send: () => Promise<void> }) {
  const { t, lang } = useWords()
  const [read, setRead] = useState(false)
  const to = (form.recipients ?? []).map((id) => regime.pack.recipients.find((r) => r.id === id)?.[lang] ?? id)
  return (
    <Confirm title={t('form.issue')} submit={t('form.issue')} close={close} send={send} ready={read}>
      <p><strong>{lang === 'en' ? form.en : form.title}</strong></p>
      <ul>
        <li>{t('issue.number')}</li>
        <li><strong>{t('issue.never')}</strong></li>
        <li>{t('issue.evidence')}</li>
        <li>{to.length > 0 ? t('issue.to', { who: to.join('; ') }) : t('issue.notsent')}</li>
      </ul>
      <Checkbox label={t('issue.read')} checked={read} onChange={(e) => setRead(e.currentTarget.checked)} data-autofocus />
    </Confirm>
  )
}
