// Organisation units: which networks and sensors belong to which agency. Accounts are limited to them.
import { Button, Group, MultiSelect, Textarea, TextInput } from '@mantine/core'
import { useCallback, useEffect, useRef, useState, type FormEvent } from 'react'
import { api, type Unit } from '../api'
import { useWords } from '../i18n'
import { unitName } from '../units'

// draft is a unit as it is typed: lists are lines.
interface Draft { id: string; vi: string; en: string; networks: string; sensors: string }

const lines = (s: string) => s.split(/[\n,]/).map((x) => x.trim()).filter(Boolean)
const draftOf = (u: Unit): Draft => ({ id: u.id, vi: u.name.vi, en: u.name.en, networks: (u.networks ?? []).join('\n'), sensors: (u.sensors ?? []).join('\n') })
const unitOf = (d: Draft): Unit => ({ id: d.id.trim(), name: { vi: d.vi.trim(), en: d.en.trim() }, networks: lines(d.networks), sensors: lines(d.sensors) })

export function Units({ failed, said, changed }: { failed: (e: unknown) => void; said: (s: string) => void; changed: (list: Unit[]) => void }) {
  const { t } = useWords()
  const [list, setList] = useState<Draft[]>([])
  const [version, setVersion] = useState(0)
  const [dirty, setDirty] = useState(false)
  const take = useCallback((r: { units: Unit[]; version: number }) => {
    setList(r.units.map(draftOf)); setVersion(r.version); setDirty(false); changed(r.units)
  }, [changed])
  // Once: what has been typed stays when saving fails, although the way to tell that is another one then.
  const fail = useRef(failed)
  fail.current = failed
  useEffect(() => { api.units().then(take, (e: unknown) => fail.current(e)) }, [take])
  const edit = (i: number, part: Partial<Draft>) => { setList(list.map((d, n) => (n === i ? { ...d, ...part } : d))); setDirty(true) }
  const save = (e: FormEvent) => {
    e.preventDefault()
    api.setUnits(list.map(unitOf), version).then((r) => { take(r); said(t('units.saved')) }, failed)
  }
  return (
    <section className="panel admin">
      <h2>{t('units.title')}</h2>
      <p className="quiet">{t('units.lead')}</p>
      <form onSubmit={save}>
        {list.length > 0 && (
          <table className="groups plain">
            <thead><tr>{(['units.id', 'units.vi', 'units.en', 'units.networks', 'units.sensors', 'finding.action'] as const).map((h) => <th key={h} scope="col">{t(h)}</th>)}</tr></thead>
            <tbody>
              {list.map((d, i) => (
                <tr key={i}>
                  <td><TextInput aria-label={t('units.id')} value={d.id} onChange={(e) => edit(i, { id: e.currentTarget.value })} placeholder="so-y-te" maxLength={32} /></td>
                  <td><TextInput aria-label={t('units.vi')} value={d.vi} onChange={(e) => edit(i, { vi: e.currentTarget.value })} placeholder="Sở Y tế" maxLength={200} /></td>
                  <td><TextInput aria-label={t('units.en')} value={d.en} onChange={(e) => edit(i, { en: e.currentTarget.value })} placeholder="Department of Health" maxLength={200} /></td>
                  <td><Textarea aria-label={t('units.networks')} value={d.networks} onChange={(e) => edit(i, { networks: e.currentTarget.value })} placeholder="10.20.0.0/16" autosize minRows={1} maxRows={8} /></td>
                  <td><Textarea aria-label={t('units.sensors')} value={d.sensors} onChange={(e) => edit(i, { sensors: e.currentTarget.value })} autosize minRows={1} maxRows={8} /></td>
                  <td><Button size="compact-sm" variant="default" onClick={() => { setList(list.filter((_, n) => n !== i)); setDirty(true) }}>{t('admin.remove')}</Button></td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        <Group mt="sm">
          <Button variant="default" onClick={() => setList([...list, { id: '', vi: '', en: '', networks: '', sensors: '' }])}>{t('units.add')}</Button>
          <Button type="submit" disabled={!dirty}>{t('units.save')}</Button>
          {dirty && <span className="quiet">{t('units.dirty')}</span>}
        </Group>
      </form>
    </section>
  )
}

// UnitPicker chooses what an account is limited to. Nothing chosen is no limit, and says so.
export function UnitPicker({ label, units, value, onChange }: { label: string; units: Unit[]; value: string[]; onChange: (ids: string[]) => void }) {
  const { t, lang } = useWords()
  // A unit that is no more stays in the list, so that it is seen and can be taken out.
  const ids = [...new Set([...units.map((u) => u.id), ...value])]
  return <MultiSelect aria-label={label} size="xs" miw={220} value={value} onChange={onChange} placeholder={value.length === 0 ? t('units.all') : undefined}
    data={ids.map((id) => ({ value: id, label: unitName(units, id, lang) }))} />
}
