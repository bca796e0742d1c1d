import { Button, Group, Modal, PasswordInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { api } from '../api'
import { explain } from '../errors'
import { useWords } from '../i18n'
import type { ToastBox } from './toast'

export function PasswordDialog({ open, close, toasts }: { open: boolean; close: () => void; toasts: ToastBox }) {
  const words = useWords()
  const { t } = words
  const [old, setOld] = useState('')
  const [next, setNext] = useState('')
  const [error, setError] = useState('')
  const submit = (e: FormEvent) => {
    e.preventDefault()
    api.password(old, next).then(
      () => { setOld(''); setNext(''); setError(''); close(); toasts.say(t('password.done')) },
      (e: unknown) => setError(explain(e, words)),
    )
  }
  return (
    <Modal opened={open} onClose={close} title={t('password.title')} closeButtonProps={{ 'aria-label': t('common.cancel') }}>
      <form onSubmit={submit}>
        <PasswordInput label={t('password.old')} value={old} onChange={(e) => setOld(e.currentTarget.value)} autoComplete="current-password" data-autofocus />
        <PasswordInput mt="sm" label={t('password.new')} value={next} onChange={(e) => setNext(e.currentTarget.value)} autoComplete="new-password" />
        {error && <p className="failure" role="alert">{error}</p>}
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={close}>{t('common.cancel')}</Button>
          <Button type="submit">{t('common.save')}</Button>
        </Group>
      </form>
    </Modal>
  )
}
