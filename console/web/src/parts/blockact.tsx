// Approving or taking back a decision: what happens, to whom, until when, and why.
import { Button, Checkbox, Group, Modal, Textarea } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { blocking, lasting, reasonMax, type Consumer, type Decision } from '../blocking'
import { explain } from '../errors'
import { useWords } from '../i18n'
import { dateTime } from '../time'
import { Effect, useEffectOf } from './effect'
import type { ToastBox } from './toast'

export interface Act {
  what: 'approve' | 'revoke'
  decision: Decision
}

const hour = 3_600_000

export function ActDialog({ act, consumers, close, done, toasts }: { act: Act; consumers: Consumer[]; close: () => void; done: () => void; toasts: ToastBox }) {
  const words = useWords()
  const { t } = words
  const d = act.decision
  const approving = act.what === 'approve'
  const [reason, setReason] = useState('')
  const [emergency, setEmergency] = useState(false)
  const [error, setError] = useState('')
  const found = useEffectOf(approving ? d.value : '')
  const length = emergency ? Math.min(d.ttl / 1e6, hour) : d.ttl / 1e6
  const send = (e: FormEvent) => {
    e.preventDefault()
    const failed = (x: unknown) => setError(explain(x, words))
    const finished = (said: string) => { close(); toasts.say(said); done() }
    if (approving) blocking.approve(d.id, reason.trim(), emergency).then((r) => finished(t(r.needs_second ? 'act.second' : 'act.approved', { value: d.value })), failed)
    else blocking.revoke(d.id, reason.trim()).then(() => finished(t('act.revoked', { value: d.value })), failed)
  }
  const names = consumers.map((c) => c.name).join(', ')
  return (
    <Modal opened onClose={close} size="lg" title={t(`act.${act.what}`, { value: d.value })} transitionProps={{ duration: 0 }} closeButtonProps={{ 'aria-label': t('common.cancel') }}>
      <form onSubmit={send}>
        <dl className="facts">
          <div><dt>{t('act.what')}</dt><dd>{approving ? t('act.what.approve', { kind: words.word('blocking.kind', d.kind), value: d.value, action: words.word('blocking.action', d.action) })
            : t(d.state === 'active' ? 'act.what.revoke' : 'act.what.drop', { value: d.value })}</dd></div>
          <div><dt>{t('act.whom')}</dt><dd>{d.scope || t('blocking.everywhere')}{names && <> · {t('act.by', { names })}</>}</dd></div>
          <div><dt>{t('act.until')}</dt><dd>{approving ? t('act.until.approve', { time: dateTime(new Date(Date.now() + length).toISOString()), length: lasting(length, words) }) : t('act.until.revoke')}</dd></div>
        </dl>
        {approving && <Effect value={d.value} found={found} own={d.id} />}
        {approving && found.report?.four_eyes && <Checkbox mt="sm" label={t('act.emergency')} checked={emergency} onChange={(e) => setEmergency(e.currentTarget.checked)} />}
        <Textarea mt="sm" label={t('blocking.reason')} value={reason} onChange={(e) => setReason(e.currentTarget.value)} maxLength={reasonMax} autosize minRows={2} data-autofocus required />
        {error && <p className="failure" role="alert">{error}</p>}
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={close}>{t('common.cancel')}</Button>
          <Button type="submit" disabled={reason.trim() === '' || approving && found.report?.protected !== undefined}>{t(`act.${act.what}.submit`)}</Button>
        </Group>
      </form>
    </Modal>
  )
}
