// Closing a case: it takes no more findings, notes or documents until somebody opens it again and says why.
import { Button } from '@mantine/core'
import { useState } from 'react'
import { useWords } from '../i18n'
import { work } from '../casework'
import { reporting, type Case } from '../reporting'
import { Ask } from './ask'

export function CaseClose({ id, due, done }: { id: string; due: number; done: (c: Case) => void }) {
  const { t } = useWords()
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button size="sm" variant="default" onClick={() => setOpen(true)}>{t('case.close')}</Button>
      {open && (
        <Ask title={t('case.close')} submit={t('case.close')} close={() => setOpen(false)} send={(reason) => reporting.close(id, reason).then(done)} label={t('case.close.reason')} max={1000} focus>
          <p>{t('case.close.effect')}</p>
          {due > 0 && <p className="failure">{t('case.close.due', { n: due })}</p>}
        </Ask>
      )}
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
