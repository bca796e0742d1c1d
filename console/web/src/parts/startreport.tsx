// From findings to their case: a new one, or one that is open already.
import { Button, Group, Modal, Select, TextInput } from '@mantine/core'
import { useEffect, useState, type FormEvent } from 'react'
import { explain } from '../errors'
import { useWords } from '../i18n'
import { reporting, type Case } from '../reporting'
import { go } from '../route'

// StartReport is the button for one finding.
export function StartReport({ finding, title }: { finding: string; title: string }) {
  const { t } = useWords()
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button size="sm" variant="default" onClick={() => setOpen(true)}>{t('case.start')}</Button>
      <StartReportDialog findings={open ? [finding] : []} title={title} close={() => setOpen(false)} />
    </>
  )
}

// StartReportDialog is open while there are findings.
export function StartReportDialog({ findings, title, close }: { findings: string[]; title: string; close: () => void }) {
  const words = useWords()
  const { t } = words
  const open = findings.length > 0
  const [list, setList] = useState<Case[]>()
  const [chosen, setChosen] = useState('')
  const [name, setName] = useState(title)
  const [unit, setUnit] = useState('')
  const [error, setError] = useState('')
  useEffect(() => {
    if (!open) return
    setError('')
    setName(title)
    reporting.cases('open').then((r) => {
      const newest = r.cases.toReversed()
      setList(newest)
      setChosen(newest.find((c) => findings.every((f) => c.findings.includes(f)))?.id ?? '')
    }, (e: unknown) => setError(explain(e, words)))
    // Asked when the dialog opens, and not again for a change of language.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [open])
  const send = (e: FormEvent) => {
    e.preventDefault()
    const done = chosen ? reporting.addFindings(chosen, findings) : reporting.create(name.trim(), unit.trim(), findings)
    done.then((c) => go('/cases/' + encodeURIComponent(c.id)), (x: unknown) => setError(explain(x, words)))
  }
  return (
    <Modal opened={open} onClose={close} title={t('case.start')} transitionProps={{ duration: 0 }} closeButtonProps={{ 'aria-label': t('common.cancel') }}>
      <form onSubmit={send}>
        <p className="quiet">{t('case.start.effect')}</p>
        {list && list.length > 0 && <Select label={t('case.start.into')} value={chosen} onChange={(v) => setChosen(v ?? '')} allowDeselect={false}
          data={[{ value: '', label: t('case.start.new') }, ...list.map((c) => ({ value: c.id, label: `${c.id} · ${c.title}` }))]} />}
        {chosen === '' && <>
          <TextInput mt="sm" label={t('case.name')} value={name} onChange={(e) => setName(e.currentTarget.value)} maxLength={300} required data-autofocus />
          <TextInput mt="sm" label={t('case.unit')} value={unit} onChange={(e) => setUnit(e.currentTarget.value)} maxLength={300} />
        </>}
        {error && <p className="failure" role="alert">{error}</p>}
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={close}>{t('common.cancel')}</Button>
          <Button type="submit" disabled={!list || (chosen === '' && name.trim() === '')}>{t('case.start.submit')}</Button>
        </Group>
      </form>
    </Modal>
  )
}
