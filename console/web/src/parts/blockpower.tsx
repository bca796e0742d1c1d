// What changes all lists at once: stop, serve again, go back, let a list shrink. Each is confirmed by typing a word.
import { Select, TextInput } from '@mantine/core'
import { useState } from 'react'
import { Problem } from '../api'
import { blocking, type Standing } from '../blocking'
import { useWords } from '../i18n'
import { dateTime } from '../time'
import { Ask } from './ask'
import type { ToastBox } from './toast'

export type Power = 'kill' | 'resume' | 'rollback' | 'accept'

const same = (a: string, b: string) => a.normalize('NFC').trim().toLowerCase() === b.normalize('NFC').toLowerCase()

export function PowerDialog({ power, standing, close, changed, toasts }: { power: Power; standing: Standing; close: () => void; changed: () => void; toasts: ToastBox }) {
  const { t, number, word } = useWords()
  const earlier = standing.status.versions.filter((v) => v.version !== standing.status.version)
  const [version, setVersion] = useState(String(earlier[0]?.version ?? ''))
  const [typed, setTyped] = useState('')
  const target = earlier.find((v) => String(v.version) === version)
  const wanted = t(`power.${power}.word`)
  const send = async (reason: string) => {
    try {
      await (power === 'rollback' ? blocking.rollback(Number(version), reason) : blocking.turn(power, reason))
    } finally {
      changed() // also what failed may have been done in part
    }
    toasts.say(t(`power.${power}.done`))
  }
  // Lists are emptied even when that cannot be written down, so a failure does not say that nothing happened.
  const failed = (e: unknown) => (e instanceof Problem && (e.status >= 500 || e.status === 0) ? t('power.failed') : undefined)
  const names = (standing.consumers ?? []).map((c) => c.name).join(', ') || t('blocking.consumers.nobody')
  return (
    <Ask large danger focus title={t(`power.${power}`)} submit={t(`power.${power}`)} close={close} send={send} failed={failed}
      ready={same(typed, wanted) && (power !== 'rollback' || target !== undefined)}
      after={<TextInput mt="sm" label={t('power.type', { word: wanted })} value={typed} onChange={(e) => setTyped(e.currentTarget.value)} autoComplete="off" required />}>
      <p>{t(`power.${power}.effect`, { n: number(standing.status.entries), names })}</p>
      {power === 'rollback' && <>
        <Select label={t('power.version')} value={version} onChange={(v) => v && setVersion(v)} allowDeselect={false}
          data={earlier.map((v) => ({ value: String(v.version), label: t('power.version.n', { time: dateTime(v.time), n: number(v.entries), version: v.version }) }))} />
        {target && <p className="quiet">{t('power.version.cause', { cause: word('cause', target.cause.split(' ')[0]) })}</p>}
      </>}
    </Ask>
  )
}
