import { PasswordInput } from '@mantine/core'
import { useState } from 'react'
import { api } from '../api'
import { useWords } from '../i18n'
import { Confirm } from './ask'
import type { ToastBox } from './toast'

export function PasswordDialog({ close, toasts }: { close: () => void; toasts: ToastBox }) {
  const { t } = useWords()
  const [old, setOld] = useState('')
  const [next, setNext] = useState('')
  const send = () => api.password(old, next).then(() => toasts.say(t('password.done')))
  return (
    <Confirm title={t('password.title')} submit={t('common.save')} close={close} send={send}>
      <PasswordInput label={t('password.old')} value={old} onChange={(e) => setOld(e.currentTarget.value)} autoComplete="current-password" data-autofocus />
      <PasswordInput mt="sm" label={t('password.new')} value={next} onChange={(e) => setNext(e.currentTarget.value)} autoComplete="new-password" />
    </Confirm>
  )
}
