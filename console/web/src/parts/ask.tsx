// Dialogs that say what will happen, and may need a reason. What fails is shown in them, and nothing that was typed is lost.
import { Button, Group, Textarea } from '@mantine/core'
import { useState, type FormEvent, type ReactNode } from 'react'
import { explain } from '../errors'
import { useWords } from '../i18n'
import { Dialog } from './dialog'

interface Confirming {
  title: string
  submit: string
  close: () => void // when it was sent
  leave?: () => void // when it was not; otherwise close
  send: () => Promise<unknown>
  ready?: boolean
  danger?: boolean
  large?: boolean
  children: ReactNode
  failed?: (e: unknown) => string | undefined // words of its own for a failure
}

// Confirm sends when its form is filled in.
export function Confirm({ title, submit, close, leave = close, send, ready = true, danger, large, children, failed }: Confirming) {
  const words = useWords()
  const [error, setError] = useState('')
  const [busy, setBusy] = useState(false)
  const onSubmit = (e: FormEvent) => {
    e.preventDefault()
    setBusy(true)
    send().then(close, (x: unknown) => { setBusy(false); setError(failed?.(x) ?? explain(x, words)) })
  }
  return (
    <Dialog onClose={leave} size={large ? 'lg' : undefined} title={title}>
      <form onSubmit={onSubmit}>
        {children}
        {error && <p className="failure" role="alert">{error}</p>}
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={leave}>{words.t('common.cancel')}</Button>
          <Button type="submit" color={danger ? 'red' : undefined} loading={busy} disabled={!ready}>{submit}</Button>
        </Group>
      </form>
    </Dialog>
  )
}

export interface Asking extends Omit<Confirming, 'send'> {
  send: (reason: string) => Promise<unknown>
  ready?: boolean // everything beside the reason
  label?: string // of the reason
  max?: number // letters of the reason
  focus?: boolean // on the reason
  after?: ReactNode // below the reason
}

// reasonMax is what the server takes of a reason, 500 bytes, in letters: a Vietnamese one has up to three bytes.
const reasonMax = 160

// Ask needs a reason.
export function Ask({ send, ready = true, label, max = reasonMax, focus, children, after, ...confirm }: Asking) {
  const { t } = useWords()
  const [reason, setReason] = useState('')
  return (
    <Confirm {...confirm} send={() => send(reason.trim())} ready={reason.trim() !== '' && ready}>
      {children}
      <Textarea mt="sm" label={label ?? t('blocking.reason')} value={reason} onChange={(e) => setReason(e.currentTarget.value)} maxLength={max} autosize minRows={2}
        data-autofocus={focus || undefined} required />
      {after}
    </Confirm>
  )
}
