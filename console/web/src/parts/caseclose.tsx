// Closing a case: it takes no more findings, notes or documents until somebody opens it again and says why.
import { Button, Group, Modal, Textarea } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { useWords } from '../i18n'
import { work } from '../casework'
import { reporting, type Case } from '../reporting'
import { Ask } from './ask'

export function CaseClose({ id, due, done, failed }: { id: string; due: number; done: (c: Case) => void; failed: (e: unknown) => void }) {
  const { t } = useWords()
  const [open, setOpen] = useState(false)
  const [reason, setReason] = useState('')
  const send = (e: FormEvent) => {
    e.preventDefault()
    reporting.close(id, reason.trim()).then((c) => { setOpen(false); done(c) }, failed)
  }
  return (
    <>
      <Button size="sm" variant="default" onClick={() => { setReason(''); setOpen(true) }}>{t('case.close')}</Button>
      <Modal opened={open} onClose={() => setOpen(false)} title={t('case.close')} transitionProps={{ duration: 0 }} closeButtonProps={{ 'aria-label': t('common.cancel') }}>
        <form onSubmit={send}>
          <p>{t('case.close.effect')}</p>
          {due > 0 && <p className="failure">{t('case.close.due', { n: due })}</p>}
          <Textarea label={t('case.close.reason')} value={reason} onChange={(e) => setReason(e.currentTarget.value)} maxLength={1000} autosize minRows={2} required data-autofocus />
          <Group justify="flex-end" mt="md">
            <Button variant="default" onClick={() => setOpen(false)}>{t('common.cancel')}</Button>
            <Button type="submit" disabled={reason.trim() === ''}>{t('case.close')}</Button>
          </Group>
        </form>
      </Modal>
    </>
  )
}

export function CaseReopen({ id, done }: { id: string; done: (c: Case) => void }) {
  const { t } = useWords()
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button size="sm" variant="default" onClick={() => setOpen(true)}>{t('case.reopen')}</Button>
      {open && <Ask title={t('case.reopen')} submit={t('case.reopen')} close={() => setOpen(false)} send={(reason) => work.reopen(id, reason).then(done)} max={1000} focus><p>{t('case.reopen.effect')}</p></Ask>}
    </>
  )
}
