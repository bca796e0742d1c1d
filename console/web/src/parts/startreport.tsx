// From a finding to its case: a new one, or one that is open already.
import { Button, Group, Modal, Select, TextInput } from '@mantine/core'
import { useEffect, useState, type FormEvent } from 'react'
import { explain } from '../errors'
import { useWords } from '../i18n'
import { reporting, type Case } from '../reporting'
import { go } from '../route'

export function StartReport({ finding, title }: { finding: string; title: string }) {
  const words = useWords()
  const { t } = words
  const [open, setOpen] = useState(false)
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
      setChosen(newest.find((c) => c.findings.includes(finding))?.id ?? '')
    }, (e: unknown) => setError(explain(e, words)))
    // Asked when the dialog opens, and not again for a change of language.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [open])
  const send = (e: FormEvent) => {
    e.preventDefault()
    const done = chosen ? reporting.addFindings(chosen, [finding]) : reporting.create(name.trim(), unit.trim(), [finding])
    done.then((c) => go('/cases/' + encodeURIComponent(c.id)), (x: unknown) => setError(explain(x, words)))
  }
  return (
    <>
      <Button size="sm" variant="default" onClick={() => setOpen(true)}>{t('case.start')}</Button>
      <Modal opened={open} onClose={() => setOpen(false)} title={t('case.start')} transitionProps={{ duration: 0 }} closeButtonProps={{ 'aria-label': t('common.cancel') }}>
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
            <Button variant="default" onClick={() => setOpen(false)}>{t('common.cancel')}</Button>
            <Button type="submit" disabled={!list || (chosen === '' && name.trim() === '')}>{t('case.start.submit')}</Button>
          </Group>
        </form>
      </Modal>
    </>
  )
}
