// Closing asks for a verdict and says what it does.
import { Button, Group, Radio, Stack, Textarea } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { useWords } from '../i18n'
import { Dialog } from './dialog'

const verdicts = ['true_positive', 'false_positive', 'benign', 'duplicate'] as const

export function CloseDialog({ count, cancel, submit }: { count: number; cancel: () => void; submit: (verdict: string, reason: string) => void }) {
  const { t } = useWords()
  const [verdict, setVerdict] = useState<string>('true_positive')
  const [reason, setReason] = useState('')
  const send = (e: FormEvent) => {
    e.preventDefault()
    submit(verdict, reason)
  }
  return (
    <Dialog onClose={cancel} title={t('close.title', { n: count })}>
      <form onSubmit={send}>
        <p className="quiet">{t('close.effect')}</p>
        <Radio.Group label={t('close.verdict')} value={verdict} onChange={setVerdict}>
          <Stack gap="xs" mt="xs">
            {verdicts.map((v) => <Radio key={v} value={v} label={t(`verdict.${v}`)} data-autofocus={v === verdict ? true : undefined} />)}
          </Stack>
        </Radio.Group>
        <Textarea mt="md" label={t('close.reason')} value={reason} onChange={(e) => setReason(e.currentTarget.value)} maxLength={1000} autosize minRows={2} />
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={cancel}>{t('common.cancel')}</Button>
          <Button type="submit">{t('close.submit')}</Button>
        </Group>
      </form>
    </Dialog>
  )
}
