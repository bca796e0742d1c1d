// Not to be shown again: within a scope, for a time, with a reason; and before that, what it would have hidden.
import { Button, Checkbox, Group, Modal, Select, Stack, Textarea } from '@mantine/core'
import { useEffect, useState, type FormEvent } from 'react'
import { api, type TunePreview, type TuneRequest } from '../api'
import { explain } from '../errors'
import { useWords } from '../i18n'
import { Severity } from './severity'
import type { ToastBox } from './toast'

const days = [1, 7, 30, 90, 180]

export interface Scope {
  rule: string
  name: string
  src?: string
  dst?: string
  host?: string
}

export function TuneDialog({ scope, close, toasts, done }: { scope: Scope | undefined; close: () => void; toasts: ToastBox; done?: () => void }) {
  const words = useWords()
  const { t, number, lang } = words
  const [with_, setWith] = useState({ src: true, dst: false, host: false })
  const [reason, setReason] = useState('')
  const [length, setLength] = useState(30)
  const [preview, setPreview] = useState<TunePreview>()
  const [error, setError] = useState('')
  useEffect(() => {
    if (scope) { setWith({ src: true, dst: false, host: false }); setReason(''); setLength(30); setError('') }
  }, [scope])
  const request: TuneRequest | undefined = scope && { rule: scope.rule, name: scope.name, src: with_.src ? scope.src ?? '' : '',
    dst: with_.dst ? scope.dst ?? '' : '', host: with_.host ? scope.host ?? '' : '', reason: reason.trim(), days: length }
  const asked = request && JSON.stringify({ ...request, reason: '', days: 1 })
  useEffect(() => {
    setPreview(undefined)
    if (!asked) return
    let old = false
    api.previewTune(JSON.parse(asked) as TuneRequest).then((p) => { if (!old) setPreview(p) }, (e: unknown) => { if (!old) setError(explain(e, words)) })
    return () => { old = true }
    // A change of language does not ask again.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [asked])
  if (!scope || !request) return null
  const send = (e: FormEvent) => {
    e.preventDefault()
    api.addTune(request).then(() => { close(); toasts.say(t('tune.done')); done?.() }, (e: unknown) => setError(explain(e, words)))
  }
  return (
    <Modal opened onClose={close} size="lg" title={t('tune.title')} transitionProps={{ duration: 0 }} closeButtonProps={{ 'aria-label': t('common.cancel') }}>
      <form onSubmit={send}>
        <p className="quiet">{t('tune.effect')}</p>
        <p><strong>{scope.name || scope.rule}</strong> <span className="mono quiet">{scope.rule}</span></p>
        <Stack gap="xs">
          {scope.src && <Checkbox label={t('tune.src', { value: scope.src })} checked={with_.src} onChange={(e) => setWith({ ...with_, src: e.currentTarget.checked })} />}
          {scope.dst && <Checkbox label={t('tune.dst', { value: scope.dst })} checked={with_.dst} onChange={(e) => setWith({ ...with_, dst: e.currentTarget.checked })} />}
          {scope.host && <Checkbox label={t('tune.host', { value: scope.host })} checked={with_.host} onChange={(e) => setWith({ ...with_, host: e.currentTarget.checked })} />}
        </Stack>
        <Select mt="sm" label={t('tune.days')} value={String(length)} onChange={(v) => v && setLength(Number(v))} allowDeselect={false}
          data={days.map((d) => ({ value: String(d), label: t('tune.days.n', { n: d }) }))} />
        <Textarea mt="sm" label={t('tune.reason')} value={reason} onChange={(e) => setReason(e.currentTarget.value)} maxLength={500} autosize minRows={2} data-autofocus required />
        <div className="preview" role="status">
          {!preview ? <p className="quiet">{t('common.loading')}</p> : <>
            <p><strong>{t('tune.preview', { groups: number(preview.groups), findings: number(preview.findings) })}</strong></p>
            <p className="badges">{[4, 3, 2, 1].map((s) => preview.severities[s - 1] > 0 && <span key={s}><Severity level={s} /> {number(preview.severities[s - 1])}</span>)}</p>
            {preview.decided > 0 && <p className="failure">{t('tune.warning', { n: preview.decided })}</p>}
            <ul>{preview.sample.map((g) => <li key={g.key}>{g.summary[lang] || g.rule_name || g.rule} <span className="mono quiet">{g.src_ip} → {g.domain || g.dst_ip}</span></li>)}</ul>
          </>}
        </div>
        {error && <p className="failure" role="alert">{error}</p>}
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={close}>{t('common.cancel')}</Button>
          <Button type="submit" disabled={request.reason === ''}>{t('tune.submit')}</Button>
        </Group>
      </form>
    </Modal>
  )
}
