// Proposing to block what a finding leads to: nothing is blocked by this, a lead decides.
import { Group, Select, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { Finding as Doc } from '../api'
import { blocking } from '../blocking'
import { useWords } from '../i18n'
import { go } from '../route'
import { Ask } from './ask'
import { Effect, useEffectOf } from './effect'
import type { ToastBox } from './toast'

export interface Target {
  kind: 'domain' | 'ip'
  value: string
}

// targetsOf returns what a finding leads to. What a server sent goes to the client: the address to block is then the source.
export function targetsOf(doc: Doc): Target[] {
  const k = doc.khien
  const server = k.direction === 'to_client' ? doc.source?.ip : doc.destination?.ip
  return [...(k.domain ? [{ kind: 'domain' as const, value: k.domain }] : []), ...(server ? [{ kind: 'ip' as const, value: server }] : [])]
}

const times = [['1h', 1], ['24h', 24], ['168h', 168]] as const

export function ProposeDialog({ targets, finding, close, toasts }: { targets: Target[]; finding: string; close: () => void; toasts: ToastBox }) {
  const { t } = useWords()
  const [kind, setKind] = useState<string>(targets[0]?.kind ?? 'domain')
  const [value, setValue] = useState(targets[0]?.value ?? '')
  const [ttl, setTTL] = useState('24h')
  const asked = value.trim()
  const found = useEffectOf(asked)
  const choose = (k: string) => {
    setKind(k)
    setValue(targets.find((x) => x.kind === k)?.value ?? '')
  }
  const send = async (reason: string) => {
    await blocking.propose({ kind, value: asked, ttl, reason, finding })
    toasts.say(t('propose.done', { value: asked }))
    go('/blocking')
  }
  const refused = found.error !== '' || found.report?.protected !== undefined || (found.report?.refused ?? '') !== ''
  return (
    <Ask large focus title={t('propose.title')} submit={t('propose.submit')} close={close} send={send} ready={asked !== '' && !refused}
      after={<Effect value={asked} found={found} />}>
      <p className="quiet">{t('propose.effect')}</p>
      <Group grow align="flex-start">
        <Select label={t('blocking.col.kind')} value={kind} onChange={(v) => v && choose(v)} allowDeselect={false}
          data={(['domain', 'ip'] as const).map((k) => ({ value: k, label: t(`blocking.kind.${k}`) }))} />
        <Select label={t('propose.ttl')} value={ttl} onChange={(v) => v && setTTL(v)} allowDeselect={false}
          data={times.map(([v, h]) => ({ value: v, label: h < 48 ? t('overview.pace.hours', { n: h }) : t('tune.days.n', { n: h / 24 }) }))} />
      </Group>
      <TextInput mt="sm" label={t('blocking.col.value')} value={value} onChange={(e) => setValue(e.currentTarget.value)} maxLength={253} required classNames={{ input: 'mono' }} />
    </Ask>
  )
}
