// A dialog that says what will happen and needs a reason. What fails is shown in it, and nothing that was typed is lost.
import { Button, Group, Modal, Textarea } from '@mantine/core'
import { useState, type FormEvent, type ReactNode } from 'react'
import { explain } from '../errors'
import { useWords } from '../i18n'

export interface Asking {
  title: string
  submit: string
  close: () => void // when it was sent
  leave?: () => void // when it was not; otherwise close
  send: (reason: string) => Promise<unknown>
  ready?: boolean // everything beside the reason
  danger?: boolean
  label?: string // of the reason
  max?: number // letters of the reason
  large?: boolean
  focus?: boolean // on the reason
  children: ReactNode
  after?: ReactNode // below the reason
  failed?: (e: unknown) => string | undefined // words of its own for a failure
}

// reasonMax is what the server takes of a reason, 500 bytes, in letters: a Vietnamese one has up to three bytes.
const reasonMax = 160

export function Ask({ title, submit, close, leave = close, send, ready = true, danger, label, max = reasonMax, large, focus, children, after, failed }: Asking) {
  const words = useWords()
  const { t } = words
  const [reason, setReason] = useState('')
  const [error, setError] = useState('')
  const [busy, setBusy] = useState(false)
  const onSubmit = (e: FormEvent) => {
    e.preventDefault()
    setBusy(true)
    send(reason.trim()).then(close, (x: unknown) => { setBusy(false); setError(failed?.(x) ?? explain(x, words)) })
  }
  return (
    <Modal opened onClose={leave} size={large ? 'lg' : undefined} title={title} transitionProps={{ duration: 0 }} closeButtonProps={{ 'aria-label': t('common.cancel') }}>
      <form onSubmit={onSubmit}>
        {children}
        <Textarea mt="sm" label={label ?? t('blocking.reason')} value={reason} onChange={(e) => setReason(e.currentTarget.value)} maxLength={max} autosize minRows={2}
          data-autofocus={focus || undefined} required />
        {after}
        {error && <p className="failure" role="alert">{error}</p>}
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={leave}>{t('common.cancel')}</Button>
          <Button type="submit" color={danger ? 'red' : undefined} loading={busy} disabled={reason.trim() === '' || !ready}>{submit}</Button>
        </Group>
      </form>
    </Modal>
  )
}
