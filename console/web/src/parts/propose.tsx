// Proposing to block what a finding leads to: nothing is blocked by this, a lead decides.
import { Button, Group, Modal, Select, Textarea, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { blocking, reasonMax } from '../blocking'
import { explain } from '../errors'
import { useWords } from '../i18n'
import { go } from '../route'
import { Effect, useEffectOf } from './effect'
import type { ToastBox } from './toast'

export interface Target {
  kind: 'domain' | 'ip'
  value: string
}

const times = [['1h', 1], ['24h', 24], ['168h', 168]] as const

export function ProposeDialog({ targets, finding, close, toasts }: { targets: Target[]; finding: string; close: () => void; toasts: ToastBox }) {
  const words = useWords()
  const { t } = words
  const [kind, setKind] = useState<string>(targets[0]?.kind ?? 'domain')
  const [value, setValue] = useState(targets[0]?.value ?? '')
  const [ttl, setTTL] = useState('24h')
  const [reason, setReason] = useState('')
  const [error, setError] = useState('')
  const asked = value.trim()
  const found = useEffectOf(asked)
  const choose = (k: string) => {
    setKind(k)
    setValue(targets.find((x) => x.kind === k)?.value ?? '')
    setError('')
  }
  const send = (e: FormEvent) => {
    e.preventDefault()
    blocking.propose({ kind, value: asked, ttl, reason: reason.trim(), finding }).then(() => {
      close()
      toasts.say(t('propose.done', { value: asked }))
      go('/blocking')
    }, (x: unknown) => setError(explain(x, words)))
  }
  const refused = found.error !== '' || found.report?.protected !== undefined || (found.report?.refused ?? '') !== ''
  return (
    <Modal opened onClose={close} size="lg" title={t('propose.title')} transitionProps={{ duration: 0 }} closeButtonProps={{ 'aria-label': t('common.cancel') }}>
      <form onSubmit={send}>
        <p className="quiet">{t('propose.effect')}</p>
        <Group grow align="flex-start">
          <Select label={t('blocking.col.kind')} value={kind} onChange={(v) => v && choose(v)} allowDeselect={false}
            data={(['domain', 'ip'] as const).map((k) => ({ value: k, label: t(`blocking.kind.${k}`) }))} />
          <Select label={t('propose.ttl')} value={ttl} onChange={(v) => v && setTTL(v)} allowDeselect={false}
            data={times.map(([v, h]) => ({ value: v, label: h < 48 ? t('overview.pace.hours', { n: h }) : t('tune.days.n', { n: h / 24 }) }))} />
        </Group>
        <TextInput mt="sm" label={t('blocking.col.value')} value={value} onChange={(e) => setValue(e.currentTarget.value)} maxLength={253} required className="mono" />
        <Textarea mt="sm" label={t('blocking.reason')} value={reason} onChange={(e) => setReason(e.currentTarget.value)} maxLength={reasonMax} autosize minRows={2} data-autofocus required />
        <Effect value={asked} found={found} />
        {error && <p className="failure" role="alert">{error}</p>}
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={close}>{t('common.cancel')}</Button>
          <Button type="submit" disabled={reason.trim() === '' || asked === '' || refused}>{t('propose.submit')}</Button>
        </Group>
      </form>
    </Modal>
  )
}
