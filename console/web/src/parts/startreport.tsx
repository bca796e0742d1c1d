// From findings to their case: a new one, or one that is open already.
import { Button, Group, Select, Skeleton, TextInput } from '@mantine/core'
import { useEffect, useState, type FormEvent } from 'react'
import { work } from '../casework'
import { explain } from '../errors'
import { useWords } from '../i18n'
import { reporting, type Case } from '../reporting'
import { go } from '../route'
import { Dialog, Start } from './dialog'
import { told } from './freezing'

// StartReport is the button for one finding; with freeze, what the finding is about is frozen into the case.
export function StartReport({ finding, title, freeze }: { finding: string; title: string; freeze?: boolean }) {
  const { t } = useWords()
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button size="sm" variant="default" onClick={() => setOpen(true)}>{freeze ? t('evidence.freeze') : t('case.start')}</Button>
      {open && <StartReportDialog findings={[finding]} title={title} freeze={freeze} close={() => setOpen(false)} />}
    </>
  )
}

export function StartReportDialog({ findings, title, freeze, close }: { findings: string[]; title: string; freeze?: boolean; close: () => void }) {
  const words = useWords()
  const { t } = words
  const [list, setList] = useState<Case[]>()
  const [chosen, setChosen] = useState('')
  const [name, setName] = useState(title)
  const [unit, setUnit] = useState('')
  const [error, setError] = useState('')
  const [busy, setBusy] = useState(false)
  const [said, setSaid] = useState<{ id: string; text: string }>()
  useEffect(() => {
    reporting.cases('open').then((r) => {
      const newest = r.cases.toReversed()
      setList(newest)
      setChosen(newest.find((c) => findings.every((f) => c.findings.includes(f)))?.id ?? '')
    }, (e: unknown) => setError(explain(e, words)))
    // Asked when the dialog opens, and not again for a change of language.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [])
  const send = (e: FormEvent) => {
    e.preventDefault()
    const done = chosen ? reporting.addFindings(chosen, findings) : reporting.create(name.trim(), unit.trim(), findings)
    setBusy(true)
    done.then(async (c) => {
      if (!freeze) return go('/cases/' + encodeURIComponent(c.id))
      setList((l) => l?.some((x) => x.id === c.id) ? l : [c, ...(l ?? [])])
      setChosen(c.id) // so that trying again opens no second case
      setSaid({ id: c.id, text: told(await work.freeze(c.id, findings), words) })
    }).catch((x: unknown) => setError(explain(x, words))).finally(() => setBusy(false))
  }
  return (
    <Dialog onClose={close} title={freeze ? t('evidence.freeze') : t('case.start')}>
      <p className="quiet">{freeze ? t('evidence.effect.finding') : t('case.start.effect')}</p>
      {!list && error === '' ? <Skeleton height={200} role="status" aria-label={t('common.loading')} /> : <form onSubmit={send}>
        {list && list.length > 0 && <Select label={t('case.start.into')} value={chosen} onChange={(v) => setChosen(v ?? '')} allowDeselect={false}
          data={[{ value: '', label: t('case.start.new') }, ...list.map((c) => ({ value: c.id, label: `${c.id} · ${c.title}` }))]} />}
        {chosen === '' && <>
          <TextInput mt="sm" label={t('case.name')} value={name} onChange={(e) => setName(e.currentTarget.value)} maxLength={300} required data-autofocus />
          <TextInput mt="sm" label={t('case.unit')} value={unit} onChange={(e) => setUnit(e.currentTarget.value)} maxLength={300} />
        </>}
        {error && <p className="failure" role="alert">{error}</p>}
        {said && <p role="status">{said.text}</p>}
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={close}>{said ? t('common.dismiss.dialog') : t('common.cancel')}</Button>
          {said ? <Button onClick={() => go('/cases/' + encodeURIComponent(said.id))}>{t('evidence.tocase')}</Button>
            : <Button type="submit" loading={busy} disabled={!list || (chosen === '' && name.trim() === '')}>{freeze ? t('evidence.freeze') : t('case.start.submit')}</Button>}
        </Group>
        <Start />
      </form>}
    </Dialog>
  )
}
