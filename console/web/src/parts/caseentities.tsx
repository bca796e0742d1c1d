// What a case is about: hosts, names, files, accounts. Each leads on, and each can be watched by the shifts.
import { Button, Select, TextInput } from '@mantine/core'
import { useEffect, useState, type FormEvent } from 'react'
import { work } from '../casework'
import { useWords } from '../i18n'
import type { Case, CaseEntity } from '../reporting'
import { follow } from '../route'
import { wholeMinute } from '../time'
import { Ask } from './ask'
import type { Change } from './casetasks'
import { Moment, type Typed } from './moment'
import { entities, Pivot, type EntityKind } from './pivot'
import { When } from './when'

const kinds = [...entities, 'account'] as const

// EntityValue leads to everything about a value; an account is looked for as text.
export function EntityValue({ kind, value }: { kind: string; value: string }) {
  if (kind !== 'account') return <span className="mono"><Pivot field={kind as EntityKind} value={value} /></span>
  return <a href={'/find?' + new URLSearchParams({ q: `"${value.replaceAll('"', '')}"`, range: '30d' })} onClick={follow}>{value}</a>
}

export function CaseEntities({ doc, open, change }: { doc: Case; open: boolean; change: Change }) {
  const { t, word } = useWords()
  const [kind, setKind] = useState<string>('host')
  const [value, setValue] = useState('')
  const [note, setNote] = useState('')
  const [found, setFound] = useState<{ kind: string; value: string; findings: number }[]>([])
  const [watching, setWatching] = useState<CaseEntity>()
  const list = doc.entities ?? []
  const findings = doc.findings.length
  useEffect(() => { work.found(doc.id).then((r) => setFound(r.entities), () => setFound([])) }, [doc.id, findings, list.length])
  const put = (k: string, v: string, n: string) => {
    const sent = work.addEntity(doc.id, k, v, n)
    change(sent, t('case.entity.added', { value: v }), () => work.dropEntity(doc.id, k, v))
    return sent
  }
  const add = (e: FormEvent) => {
    e.preventDefault()
    work.addEntity(doc.id, kind, value.trim(), note.trim()).then((c) => {
      setValue('')
      setNote('')
      change(Promise.resolve(c), t('case.entity.added', { value: value.trim() }))
    }, (x: unknown) => change(Promise.reject(x), ''))
  }
  const drop = (e: CaseEntity) => change(work.dropEntity(doc.id, e.kind, e.value), t('case.entity.dropped', { value: e.value }), async () => {
    const c = await work.addEntity(doc.id, e.kind, e.value, e.note ?? '')
    return e.watch ? work.watch(doc.id, e.kind, e.value, e.watch.note, e.watch.until) : c
  })
  const unwatch = (e: CaseEntity) => change(work.watch(doc.id, e.kind, e.value, ''), t('case.entity.unwatched', { value: e.value }),
    () => work.watch(doc.id, e.kind, e.value, e.watch?.note ?? '', e.watch?.until))
  return (
    <section id="entities">
      <h2>{t('case.entity.list')}</h2>
      {list.length === 0 ? <p className="quiet">{t('case.entity.none')}</p> : (
        <ul className="entities">
          {list.map((e) => (
            <li key={e.kind + e.value}>
              <span className="quiet">{word('case.entity.kind', e.kind)}</span> <EntityValue kind={e.kind} value={e.value} />
              {open && <span className="noprint tools">
                {e.watch ? <Button size="compact-xs" variant="subtle" aria-label={t('case.entity.unwatch.of', { value: e.value })} onClick={() => unwatch(e)}>{t('case.entity.unwatch')}</Button>
                  : <Button size="compact-xs" variant="subtle" aria-label={t('case.entity.watch.of', { value: e.value })} onClick={() => setWatching(e)}>{t('case.entity.watch')}</Button>}
                <Button className="drop" size="compact-xs" variant="subtle" aria-label={t('case.entity.drop', { value: e.value })} onClick={() => drop(e)}>×</Button>
              </span>}
              {e.note && <div className="value quiet">{e.note}</div>}
              {e.watch && <div><strong>{t('case.entity.watched')}</strong> <When at={e.watch.until} />: <span className="value">{e.watch.note}</span> <span className="quiet">({e.watch.by})</span></div>}
            </li>
          ))}
        </ul>
      )}
      {open && found.length > 0 && <details className="noprint"><summary>{t('case.entity.found', { n: found.length })}</summary>
        <ul className="entities">
          {found.map((f) => (
            <li key={f.kind + f.value}><span className="quiet">{word('case.entity.kind', f.kind)}</span> <span className="mono">{f.value}</span>
              <span className="tools"><Button size="compact-xs" variant="subtle" aria-label={t('case.entity.take', { value: f.value })} onClick={() => void put(f.kind, f.value, '').catch(() => undefined)}>+</Button></span>
              <div className="quiet">{t('case.findings.n', { n: f.findings })}</div></li>
          ))}
        </ul>
      </details>}
      {open && <form className="noprint" onSubmit={add}>
        <div className="query">
          <Select size="xs" w={112} label={t('case.entity.kind')} data={kinds.map((k) => ({ value: k, label: t(`case.entity.kind.${k}`) }))} value={kind} allowDeselect={false} onChange={(v) => setKind(v ?? 'host')} />
          <TextInput className="grow" size="xs" label={t('case.entity.value')} value={value} onChange={(e) => setValue(e.currentTarget.value)} maxLength={253} required />
        </div>
        <TextInput mt={4} size="xs" label={t('case.entity.note')} value={note} onChange={(e) => setNote(e.currentTarget.value)} maxLength={300} />
        <Button mt="xs" size="xs" variant="default" type="submit" disabled={value.trim() === ''}>{t('case.entity.add')}</Button>
      </form>}
      {watching && <WatchDialog id={doc.id} entity={watching} close={() => setWatching(undefined)} change={change} />}
    </section>
  )
}

function WatchDialog({ id, entity: e, close, change }: { id: string; entity: CaseEntity; close: () => void; change: Change }) {
  const { t } = useWords()
  const [until, setUntil] = useState<Typed>(() => wholeMinute(new Date(Date.now() + 7 * 86_400_000).toISOString()))
  return (
    <Ask title={t('case.entity.watch.title')} submit={t('case.entity.watch')} close={close} ready={!!until} label={t('case.entity.watch.note')} max={300} focus
      send={(note) => work.watch(id, e.kind, e.value, note, until ?? '').then((c) => change(Promise.resolve(c), t('case.entity.watch.done', { value: e.value }), () => work.watch(id, e.kind, e.value, '')))}
      after={<Moment mt="sm" label={t('case.entity.watch.until')} value={until} onChange={setUntil} required />}>
      <p><strong className="mono">{e.value}</strong></p>
      <p className="quiet">{t('case.entity.watch.effect')}</p>
    </Ask>
  )
}
