// One line of a form: its value, where that came from, and a way to type another.
import { Button, Checkbox, Group, Radio, Stack, Textarea, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { useWords } from '../i18n'
import type { Fact, Origin, Value } from '../reporting'
import { follow } from '../route'
import { Moment, type Typed as Time } from './moment'
import { When } from './when'

export interface Typed {
  values: string[]
  rows: string[][]
}

const times = ['date', 'time', 'datetime']
export const isTime = ({ type }: { type: string }) => times.includes(type)
const lines = ['iplist', 'domainlist', 'attachments']

export function FactLine({ field, fact, save }: { field: Value; fact: Fact | undefined; save?: (key: string, x: Typed) => Promise<boolean> }) {
  const { t, lang } = useWords()
  const [editing, setEditing] = useState(false)
  const label = lang === 'en' ? field.en : field.label
  const empty = !field.values?.length && !field.rows?.length && Object.keys(field.ticked ?? {}).length === 0
  return (
    <div className={field.required && empty ? 'fact missing' : 'fact'} id={'field-' + field.key}>
      <dt>{label}{field.required && <small>{t('fact.required')}</small>}</dt>
      <dd>
        {editing && save ? <Edit field={field} fact={fact} label={label} close={() => setEditing(false)} save={(x) => save(field.map, x)} /> : <>
          {empty ? <span className={field.required ? 'failure' : 'quiet'}>{t(field.required ? 'fact.missing' : 'fact.empty')}</span> : <Shown field={field} />}
          <span className="from">
            {field.from && !empty && <From from={field.from} />}
            {save && <Button className="noprint" size="compact-xs" variant="subtle" onClick={() => setEditing(true)} aria-label={`${t('fact.edit')}: ${label}`}>{t('fact.edit')}</Button>}
          </span>
        </>}
      </dd>
    </div>
  )
}

function Shown({ field }: { field: Value }) {
  if (field.ticked) {
    return <span>{(field.options ?? []).filter((o) => Object.hasOwn(field.ticked ?? {}, o.code)).map((o) => <span key={o.code} className="pair">☑ {o.vi} {field.ticked?.[o.code]}</span>)}</span>
  }
  if (field.rows) {
    return (
      <div className="scroll">
        <table className="groups plain duties"><thead><tr>{field.columns?.map((c) => <th key={c.vi} scope="col">{c.vi}</th>)}</tr></thead>
          <tbody>{field.rows.map((r, i) => <tr key={i}>{r.map((c, j) => <td key={j} className="text">{c}</td>)}</tr>)}</tbody></table>
      </div>
    )
  }
  return <div className="value">{(field.values ?? []).join('\n')}</div>
}

function From({ from }: { from: Origin }) {
  const { t } = useWords()
  switch (from.kind) {
    case 'person': return <small>{t('origin.person', { who: from.by ?? '' })}{from.at && <> <When at={from.at} /></>}</small>
    case 'finding': return <small><a href={'/finding/' + encodeURIComponent(from.ref ?? '')} onClick={follow}>{t('origin.finding')}</a></small>
    case 'case': return <small>{t('origin.case')}</small>
    case 'profile': return <small>{t('origin.profile')}</small>
    case 'decision': return <small>{t('origin.decision')}</small>
    case 'computed': return <small>{from.ref ? t('origin.computed.by', { rule: from.ref }) : t('origin.computed')}</small>
  }
  return null
}

// shownAt is where in a fact's values the text stands that this form prints: a letter in English prints the second.
function shownAt(field: Value, values: string[]): number {
  return Math.max(0, values.indexOf(field.values?.[0] ?? ''))
}

function Edit({ field, fact, label, close, save }: { field: Value; fact: Fact | undefined; label: string; close: () => void; save: (x: Typed) => Promise<boolean> }) {
  const { t } = useWords()
  const values = fact?.values ?? []
  const place = shownAt(field, values)
  const start = lines.includes(field.type) ? values.join('\n') : values[place] ?? ''
  const [text, setText] = useState(start)
  const [time, setTime] = useState<Time>(isTime(field) ? values[0] ?? '' : '')
  const [ticked, setTicked] = useState<Record<string, string>>(field.ticked ?? {})
  const [rows, setRows] = useState(field.type === 'table' ? fact?.rows ?? [] : [])
  const [busy, setBusy] = useState(false)
  const columns = field.columns ?? []
  const typed = (): Typed => {
    const kept = fact?.rows ?? []
    if (field.type === 'table') return { values, rows: rows.filter((r) => r.some((c) => c.trim() !== '')) }
    if (field.options) return { values: Object.entries(ticked).map(([code, s]) => (s.trim() ? `${code}:${s.trim()}` : code)), rows: kept }
    if (isTime(field)) return { values: time ? [time] : [], rows: kept }
    if (lines.includes(field.type)) return { values: text.split('\n').map((s) => s.trim()).filter(Boolean), rows: kept }
    return { values: values.length > 1 && text.trim() !== '' ? values.with(place, text.trim()) : text.trim() === '' ? [] : [text.trim()], rows: kept }
  }
  const send = (e: FormEvent) => {
    e.preventDefault()
    setBusy(true)
    void save(typed()).then((ok) => { setBusy(false); if (ok) close() })
  }
  const tick = (code: string, on: boolean) => setTicked((old) => {
    const rest = field.type === 'radio' ? {} : Object.fromEntries(Object.entries(old).filter(([c]) => c !== code))
    return on ? { ...rest, [code]: '' } : rest
  })
  const Box = field.type === 'radio' ? Radio : Checkbox
  return (
    <form onSubmit={send}>
      {field.hint && <p className="quiet">{field.hint}</p>}
      {field.options ? (
        <Stack gap={4} role="group" aria-label={label}>
          {field.options.map((o) => (
            <Group key={o.code} gap="xs">
              <Box name={field.key} label={o.vi} checked={Object.hasOwn(ticked, o.code)} onChange={(e) => tick(o.code, e.currentTarget.checked)} />
              {o.text && Object.hasOwn(ticked, o.code) && <TextInput size="xs" aria-label={`${label}: ${o.vi}`} value={ticked[o.code]} maxLength={500} onChange={(e) => { const s = e.currentTarget.value; setTicked((old) => ({ ...old, [o.code]: s })) }} />}
            </Group>
          ))}
        </Stack>
      ) : field.type === 'table' ? (
        <div className="scroll">
          <table className="groups plain duties">
            <thead><tr>{columns.map((c) => <th key={c.vi} scope="col">{c.vi}</th>)}</tr></thead>
            <tbody>{rows.map((r, i) => (
              <tr key={i}>{columns.map((c, j) => <td key={j}><TextInput size="xs" aria-label={`${c.vi} ${i + 1}`} value={r[j] ?? ''} maxLength={2000}
                onChange={(e) => { const s = e.currentTarget.value; setRows((old) => old.with(i, columns.map((_, k) => (k === j ? s : old[i][k] ?? '')))) }} /></td>)}</tr>
            ))}</tbody>
          </table>
          <Button size="compact-xs" variant="default" onClick={() => setRows((old) => [...old, columns.map(() => '')])}>{t('fact.row')}</Button>
        </div>
      ) : isTime(field) ? <Moment aria-label={label} value={time} onChange={setTime} data-autofocus />
        : <Textarea aria-label={label} value={text} onChange={(e) => setText(e.currentTarget.value)} maxLength={20_000} autosize minRows={field.type === 'text' ? 1 : 3} maxRows={20} />}
      <Group mt="xs" gap="xs">
        <Button size="compact-sm" type="submit" loading={busy} disabled={time === null}>{t('common.save')}</Button>
        <Button size="compact-sm" variant="default" onClick={close}>{t('common.cancel')}</Button>
      </Group>
    </form>
  )
}
