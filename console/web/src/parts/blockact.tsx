// Approving or taking back a decision: what happens, to whom, until when, and why.
import { Checkbox } from '@mantine/core'
import { useState } from 'react'
import { blocking, lasting, type Consumer, type Decision } from '../blocking'
import { useWords } from '../i18n'
import { dateTime } from '../time'
import { Ask } from './ask'
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
  const [emergency, setEmergency] = useState(false)
  const found = useEffectOf(approving ? d.value : '')
  const length = emergency ? Math.min(d.ttl / 1e6, hour) : d.ttl / 1e6
  const send = async (reason: string) => {
    if (approving) {
      const r = await blocking.approve(d.id, reason, emergency)
      toasts.say(t(r.needs_second ? 'act.second' : 'act.approved', { value: d.value }))
    } else {
      await blocking.revoke(d.id, reason)
      toasts.say(t('act.revoked', { value: d.value }))
    }
    done()
  }
  const names = consumers.map((c) => c.name).join(', ')
  return (
    <Ask large focus title={t(`act.${act.what}`, { value: d.value })} submit={t(approving ? 'act.approve.submit' : d.state === 'active' ? 'act.revoke.submit' : 'act.drop')}
      close={close} send={send} ready={!approving || found.report?.protected === undefined}>
      <dl className="facts">
        <div><dt>{t('act.what')}</dt><dd>{approving ? t('act.what.approve', { kind: words.word('blocking.kind', d.kind), value: d.value, action: words.word('blocking.action', d.action) })
          : t(d.state === 'active' ? 'act.what.revoke' : 'act.what.drop', { value: d.value })}</dd></div>
        <div><dt>{t('act.whom')}</dt><dd>{d.scope || t('blocking.everywhere')}{names && <> · {t('act.by', { names })}</>}</dd></div>
        <div><dt>{t('act.until')}</dt><dd>{approving ? t('act.until.approve', { time: dateTime(new Date(Date.now() + length).toISOString()), length: lasting(length, words) }) : t('act.until.revoke')}</dd></div>
      </dl>
      {approving && <Effect value={d.value} found={found} own={d.id} />}
      {approving && found.report?.four_eyes && <Checkbox mt="sm" label={t('act.emergency')} checked={emergency} onChange={(e) => setEmergency(e.currentTarget.checked)} />}
    </Ask>
  )
}
