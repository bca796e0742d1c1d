// What changes all lists at once: stop, serve again, go back, let a list shrink. Each is confirmed by typing a word.
import { Button, Group, Modal, Select, Textarea, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { blocking, reasonMax, type Standing } from '../blocking'
import { explain } from '../errors'
import { useWords } from '../i18n'
import { dateTime } from '../time'
import type { ToastBox } from './toast'

export type Power = 'kill' | 'resume' | 'rollback' | 'accept'

const same = (a: string, b: string) => a.normalize('NFC').trim().toLowerCase() === b.normalize('NFC').toLowerCase()

export function PowerDialog({ power, standing, close, done, toasts }: { power: Power; standing: Standing; close: () => void; done: (s: Standing) => void; toasts: ToastBox }) {
  const words = useWords()
  const { t, number } = words
  const earlier = standing.status.versions.filter((v) => v.version !== standing.status.version)
  const [version, setVersion] = useState(String(earlier[0]?.version ?? ''))
  const [reason, setReason] = useState('')
  const [typed, setTyped] = useState('')
  const [error, setError] = useState('')
  const target = earlier.find((v) => String(v.version) === version)
  const word = t(`power.${power}.word`)
  const send = (e: FormEvent) => {
    e.preventDefault()
    const asked = power === 'rollback' ? blocking.rollback(Number(version), reason.trim()) : blocking.turn(power, reason.trim())
    asked.then((s) => { close(); toasts.say(t(`power.${power}.done`)); done(s) }, (x: unknown) => setError(explain(x, words)))
  }
  const names = (standing.consumers ?? []).map((c) => c.name).join(', ') || t('blocking.consumers.nobody')
  return (
    <Modal opened onClose={close} size="lg" title={t(`power.${power}`)} transitionProps={{ duration: 0 }} closeButtonProps={{ 'aria-label': t('common.cancel') }}>
      <form onSubmit={send}>
        <p>{t(`power.${power}.effect`, { n: number(standing.status.entries), names })}</p>
        {power === 'rollback' && <>
          <Select label={t('power.version')} value={version} onChange={(v) => v && setVersion(v)} allowDeselect={false}
            data={earlier.map((v) => ({ value: String(v.version), label: t('power.version.n', { time: dateTime(v.time), n: number(v.entries), version: v.version }) }))} />
          {target && <p className="quiet">{t('power.version.cause', { cause: target.cause })}</p>}
        </>}
        <Textarea mt="sm" label={t('blocking.reason')} value={reason} onChange={(e) => setReason(e.currentTarget.value)} maxLength={reasonMax} autosize minRows={2} data-autofocus required />
        <TextInput mt="sm" label={t('power.type', { word })} value={typed} onChange={(e) => setTyped(e.currentTarget.value)} autoComplete="off" required />
        {error && <p className="failure" role="alert">{error}</p>}
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={close}>{t('common.cancel')}</Button>
          <Button type="submit" color="red" disabled={reason.trim() === '' || !same(typed, word) || power === 'rollback' && !target}>{t(`power.${power}`)}</Button>
        </Group>
      </form>
    </Modal>
  )
}
