// What an analyst decides about a group, and what was decided before.
import { Button, Select, Textarea } from '@mantine/core'
import { useEffect, useState, type ReactNode } from 'react'
import { api, type Change, type Me, type Triage } from '../api'
import { useWords } from '../i18n'
import { usePress } from '../press'
import { CloseDialog } from './close'
import { When } from './when'

export function Decide({ group, triage, me, setTriage, failed, said, children }: {
  group: string; triage: Triage; me: Me; setTriage: (t: Triage) => void; failed: (e: unknown) => void; said: (s: string, undo?: () => void) => void
  children?: ReactNode
}) {
  const { t, word } = useWords()
  const [names, setNames] = useState<string[]>([])
  const [comment, setComment] = useState('')
  const [closing, setClosing] = useState(false)
  useEffect(() => { api.accounts().then((a) => setNames(a.accounts.map((x) => x.name)), () => undefined) }, [])
  // A comment stays said; what else is decided can be taken back.
  const put = (change: Omit<Change, 'key' | 'version'>) =>
    api.putTriage({ ...change, key: group, version: triage.version }).then((x) => {
      const { status, verdict = '', reason = '', assignee = '' } = triage
      const back = () => { api.putTriage({ key: group, version: x.version, status, verdict, reason, assignee }).then((y) => { setTriage(y); said(t('finding.undone')) }, failed) }
      setTriage(x)
      setComment('')
      said(t('finding.done'), change.comment ? undefined : back)
    }, failed)
  const may = me.role !== 'viewer'
  const closed = triage.status === 'closed'
  usePress(may ? {
    m: () => { if (triage.assignee !== me.name) void put({ assignee: me.name }) },
    ...(closed ? {} : {
      c: () => setClosing(true),
      e: () => { if (triage.status !== 'escalated') void put({ status: 'escalated' }) },
      s: () => { if (triage.status === 'new') void put({ status: 'seen' }) },
    }),
  } : {})
  if (!may) return null
  return (
    <section className="decide noprint">
      <h2>{t('finding.action')}</h2>
      <p className="quiet">{t('finding.group')}</p>
      {closed && triage.verdict && <p><strong>{word('verdict', triage.verdict)}</strong>{triage.reason && <> · {triage.reason}</>}</p>}
      <div className="buttons">
        {triage.assignee !== me.name && <Button size="sm" variant={triage.assignee ? 'default' : 'filled'} onClick={() => void put({ assignee: me.name })}>{t('finding.take')}</Button>}
        {!closed && triage.status === 'new' && <Button size="sm" variant="default" onClick={() => void put({ status: 'seen' })}>{t('finding.seen')}</Button>}
        {!closed && triage.status !== 'escalated' && <Button size="sm" variant="default" onClick={() => void put({ status: 'escalated' })}>{t('finding.escalate')}</Button>}
        {closed ? <Button size="sm" onClick={() => void put({ status: 'new' })}>{t('finding.reopen')}</Button>
          : <Button size="sm" variant="default" onClick={() => setClosing(true)}>{t('finding.close')}</Button>}
        {children}
      </div>
      <Select mt="sm" size="sm" label={t('finding.assignee')} placeholder={t('common.nobody')} clearable data={names} value={triage.assignee || null}
        clearButtonProps={{ 'aria-label': t('inbox.clear') }} onChange={(v) => void put({ assignee: v ?? '' })} />
      <Textarea mt="sm" size="sm" label={t('finding.comment')} value={comment} onChange={(e) => setComment(e.currentTarget.value)} maxLength={1000} autosize minRows={2} />
      <Button mt="xs" size="sm" variant="default" disabled={comment.trim() === ''} onClick={() => void put({ comment: comment.trim() })}>{t('finding.comment.add')}</Button>
      {closing && <CloseDialog count={1} cancel={() => setClosing(false)} submit={(verdict, reason) => { setClosing(false); void put({ status: 'closed', verdict, reason }) }} />}
    </section>
  )
}

export function History({ triage }: { triage: Triage }) {
  const { t, word } = useWords()
  const say = (what: string) => {
    const cut = what.indexOf(':')
    const kind = what.slice(0, cut)
    const value = what.slice(cut + 1)
    switch (kind) {
      case 'status': return t('history.status', { value: word('status', value) })
      case 'verdict': return value ? t('history.verdict', { value: word('verdict', value) }) : t('history.verdict.none')
      case 'assignee': return value ? t('history.assignee', { value }) : t('history.assignee.none')
      case 'tune': return t('history.tune')
      case 'reached': return t('history.reached')
      default: return what
    }
  }
  const all = [
    ...triage.history.map((h) => ({ time: h.time, user: h.user, text: say(h.what) })),
    ...triage.comments.map((c) => ({ time: c.time, user: c.user, text: t('history.comment', { value: c.text }) })),
  ].sort((a, b) => a.time.localeCompare(b.time))
  if (all.length === 0) return <p className="quiet">{t('finding.history.none')}</p>
  return (
    <ol className="history">
      {all.map((x, i) => <li key={i}><When at={x.time} /> <strong>{x.user}</strong> {x.text}</li>)}
    </ol>
  )
}
