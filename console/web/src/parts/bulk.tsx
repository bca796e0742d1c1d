// A decision about everything that a query selects: what it is about is shown before, and it can be taken back.
import { Button, Group, Radio, Select, Skeleton, Stack, Textarea } from '@mantine/core'
import { useEffect, useState, type FormEvent } from 'react'
import { api, Problem, type Change, type QueryPreview } from '../api'
import { explain } from '../errors'
import { useWords, type Key } from '../i18n'
import { Dialog } from './dialog'
import { Severity } from './severity'
import type { ToastBox } from './toast'

export interface Scope { q: string; range: string }

const actions = ['seen', 'escalated', 'closed', 'new'] as const
const verdicts = ['true_positive', 'false_positive', 'benign', 'duplicate'] as const

export function BulkDialog({ scope, close, toasts, done }: { scope: Scope; close: () => void; toasts: ToastBox; done: () => void }) {
  const words = useWords()
  const { t, lang, number } = words
  const [preview, setPreview] = useState<QueryPreview>()
  const [action, setAction] = useState<string>('seen')
  const [verdict, setVerdict] = useState<string | null>(null)
  const [reason, setReason] = useState('')
  const [error, setError] = useState('')
  const [busy, setBusy] = useState(false)
  const [again, setAgain] = useState(0)
  useEffect(() => {
    setPreview(undefined)
    let left = false
    api.previewQuery(scope).then((p) => { if (!left) setPreview(p) }, (e: unknown) => { if (!left) setError(explain(e, words)) })
    return () => { left = true }
    // The words are for the message only.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [scope, again])
  const send = (e: FormEvent) => {
    e.preventDefault()
    if (!preview) return
    const change: Omit<Change, 'key' | 'version'> = action === 'closed' ? { status: action, verdict: verdict ?? '', reason } : { status: action }
    setBusy(true)
    setError('')
    api.decideQuery({ q: scope.q, from: preview.from ?? '', to: preview.to, expect: preview.groups, change }).then((r) => {
      close()
      if (r.left > 0) toasts.fail(t('bulk.left', { n: number(r.left) }))
      toasts.say(t(`inbox.done.${action}` as Key, { n: number(r.done) }), () => {
        api.undoQuery(r.undo).then((b) => { toasts.say(t('inbox.undone', { n: number(b.done) })); done() }, (x: unknown) => toasts.fail(explain(x, words)))
      })
      done()
    }, (x: unknown) => {
      setError(explain(x, words))
      if (x instanceof Problem && x.code === 'preview_old') setAgain((n) => n + 1)
    }).finally(() => setBusy(false))
  }
  return (
    <Dialog onClose={close} title={t('bulk.title')} size="lg">
      <form onSubmit={send}>
        <p className="mono quiet">{scope.q || '*'} · {t(`inbox.range.${scope.range}` as Key)}</p>
        <div className="preview long" aria-live="polite" tabIndex={0}>
          {!preview ? error === '' && <Skeleton height={80} /> : <>
            <p><strong>{t('bulk.preview', { groups: number(preview.groups), findings: number(preview.findings) })}</strong></p>
            <p>
              {[4, 3, 2, 1].filter((s) => preview.severities[s - 1] > 0).map((s) => <span key={s} className="pair"><Severity level={s} /> {number(preview.severities[s - 1])} </span>)}
              <span className="quiet">{Object.entries(preview.statuses).map(([s, n]) => `${words.word('status', s)}: ${number(n)}`).join(' · ')}</span>
            </p>
            <ul>{preview.sample.map((g) => <li key={g.key}>{g.summary[lang] || g.rule_name || g.rule} <span className="mono quiet">{g.src_ip} → {g.domain || g.dst_ip}</span></li>)}
              {preview.groups > preview.sample.length && <li className="quiet">{t('bulk.others', { n: number(preview.groups - preview.sample.length) })}</li>}</ul>
          </>}
        </div>
        <Radio.Group mt="sm" label={t('bulk.action')} value={action} onChange={setAction}>
          <Stack gap="xs" mt="xs">{actions.map((a) => <Radio key={a} value={a} label={t(`bulk.action.${a}`)} />)}</Stack>
        </Radio.Group>
        {action === 'closed' && <>
          <Select mt="sm" label={t('close.verdict')} value={verdict} onChange={setVerdict} required placeholder={t('bulk.choose')} data={verdicts.map((v) => ({ value: v, label: t(`verdict.${v}`) }))} />
          <Textarea mt="sm" label={t('close.reason')} value={reason} onChange={(e) => setReason(e.currentTarget.value)} maxLength={1000} autosize minRows={2} />
        </>}
        <p className="quiet">{t('bulk.effect')}</p>
        {error && <p className="failure" role="alert">{error}</p>}
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={close}>{t('common.cancel')}</Button>
          <Button type="submit" miw={216} loading={busy} disabled={!preview || preview.groups === 0 || (action === 'closed' && !verdict)}>
            {t('bulk.submit', { n: preview ? number(preview.groups) : '…' })}
          </Button>
        </Group>
      </form>
    </Dialog>
  )
}
