// Less of a rule: hidden, shown once there are many, or said to be less bad. Within a scope, for a time, with a reason; and before
// that, what it would have done.
import { Button, Checkbox, Group, NumberInput, Radio, Select, Stack, Textarea } from '@mantine/core'
import { useEffect, useState, type FormEvent } from 'react'
import { api, type TunePreview, type TuneRequest } from '../api'
import { explain } from '../errors'
import { useWords, type Key } from '../i18n'
import { follow } from '../route'
import { Dialog } from './dialog'
import { Severity } from './severity'
import type { ToastBox } from './toast'

const days = [1, 7, 30, 90, 180]
const kinds = ['hide', 'threshold', 'severity'] as const

export interface Scope {
  rule: string
  name: string
  src?: string
  dst?: string
  host?: string
  page?: string // of the rule, where it can be turned off
}

export function TuneDialog({ scope, close, toasts, done }: { scope: Scope; close: () => void; toasts: ToastBox; done?: () => void }) {
  const words = useWords()
  const { t, number, lang } = words
  const [with_, setWith] = useState({ src: true, dst: false, host: false })
  const [reason, setReason] = useState('')
  const [length, setLength] = useState(30)
  const [kind, setKind] = useState<(typeof kinds)[number]>('hide')
  const [count, setCount] = useState(5)
  const [hours, setHours] = useState(1)
  const [severity, setSeverity] = useState(1)
  const [preview, setPreview] = useState<TunePreview>()
  const [error, setError] = useState('')
  const request: TuneRequest = { rule: scope.rule, name: scope.name, src: with_.src ? scope.src ?? '' : '',
    dst: with_.dst ? scope.dst ?? '' : '', host: with_.host ? scope.host ?? '' : '', reason: reason.trim(), days: length,
    kind: kind === 'hide' ? '' : kind, count: kind === 'threshold' ? count : 0, hours: kind === 'threshold' ? hours : 0, severity: kind === 'severity' ? severity : 0 }
  const asked = JSON.stringify({ ...request, reason: '', days: 1 })
  useEffect(() => {
    setPreview(undefined)
    let old = false
    api.previewTune(JSON.parse(asked) as TuneRequest).then((p) => { if (!old) setPreview(p) }, (e: unknown) => { if (!old) setError(explain(e, words)) })
    return () => { old = true }
    // A change of language does not ask again.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [asked])
  const send = (e: FormEvent) => {
    e.preventDefault()
    api.addTune(request).then((made) => {
      close()
      toasts.say(t('tune.done'), () => { api.endTune(made.id).then(() => { toasts.say(t('tune.undone')); done?.() }, (x: unknown) => toasts.fail(explain(x, words))) })
      done?.()
    }, (e: unknown) => setError(explain(e, words)))
  }
  return (
    <Dialog onClose={close} size="lg" title={t('tune.title')}>
      <form onSubmit={send}>
        <p><strong>{scope.name || scope.rule}</strong> <span className="mono quiet">{scope.rule}</span></p>
        <Radio.Group label={t('tune.kind')} value={kind} onChange={(v) => setKind(v as typeof kind)} mb="sm">
          <Stack gap="xs" mt="xs">{kinds.map((k) => <Radio key={k} value={k} label={t(`tune.kind.${k}`)} />)}</Stack>
        </Radio.Group>
        {kind === 'threshold' && <Group mb="sm">
          <NumberInput label={t('tune.count')} value={count} onChange={(v) => setCount(Number(v))} min={2} max={1000} clampBehavior="strict" w={160} />
          <NumberInput label={t('tune.hours')} value={hours} onChange={(v) => setHours(Number(v))} min={1} max={168} clampBehavior="strict" w={160} />
        </Group>}
        {kind === 'severity' && <Select mb="sm" label={t('tune.severity')} value={String(severity)} onChange={(v) => v && setSeverity(Number(v))} allowDeselect={false}
          data={[1, 2, 3, 4].map((s) => ({ value: String(s), label: t(`severity.${s}` as Key) }))} />}
        <p className="quiet">{t(`tune.effect.${kind}`)}</p>
        <Stack gap="xs">
          {scope.src && <Checkbox label={t('tune.src', { value: scope.src })} checked={with_.src} onChange={(e) => setWith({ ...with_, src: e.currentTarget.checked })} />}
          {scope.dst && <Checkbox label={t('tune.dst', { value: scope.dst })} checked={with_.dst} onChange={(e) => setWith({ ...with_, dst: e.currentTarget.checked })} />}
          {scope.host && <Checkbox label={t('tune.host', { value: scope.host })} checked={with_.host} onChange={(e) => setWith({ ...with_, host: e.currentTarget.checked })} />}
        </Stack>
        <Select mt="sm" label={t('tune.days')} value={String(length)} onChange={(v) => v && setLength(Number(v))} allowDeselect={false}
          data={days.map((d) => ({ value: String(d), label: t('tune.days.n', { n: d }) }))} />
        <Textarea mt="sm" label={t('tune.reason')} value={reason} onChange={(e) => setReason(e.currentTarget.value)} maxLength={500} autosize minRows={2} data-autofocus required />
        <div className="preview short" role="status" tabIndex={0}>
          {!preview ? <p className="quiet">{t('common.loading')}</p> : <>
            <p><strong>{t(`tune.preview.${kind}`, { groups: number(preview.groups), findings: number(preview.findings) })}</strong></p>
            <p className="badges">{[4, 3, 2, 1].map((s) => preview.severities[s - 1] > 0 && <span key={s}><Severity level={s} /> {number(preview.severities[s - 1])}</span>)}</p>
            {preview.partial && <p className="quiet">{t('tune.partial')}</p>}
            {kind !== 'severity' && preview.decided > 0 && <p className="failure">{t('tune.warning', { n: preview.decided })}</p>}
            <ul>{preview.sample.map((g) => <li key={g.key}>{g.summary[lang] || g.rule_name || g.rule} <span className="mono quiet">{g.src_ip} → {g.domain || g.dst_ip}</span></li>)}</ul>
          </>}
        </div>
        {scope.page && <p className="quiet">{t('tune.off')} <a href={scope.page} onClick={(e) => { close(); follow(e) }}>{t('tune.off.page')}</a></p>}
        {error && <p className="failure" role="alert">{error}</p>}
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={close}>{t('common.cancel')}</Button>
          <Button type="submit" disabled={request.reason === '' || (kind === 'threshold' && (count < 2 || hours < 1))}>{t('tune.submit')}</Button>
        </Group>
      </form>
    </Dialog>
  )
}
