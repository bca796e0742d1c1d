// The way from a pseudonym to the address: what for, who else has to agree, until when.
import { Button } from '@mantine/core'
import { useState } from 'react'
import { Problem } from '../api'
import { useWords } from '../i18n'
import { changed, mayReveal, revealing, useHidden, type RevealRequest } from '../reveal'
import { Ask } from './ask'
import { Dialog } from './dialog'
import { When } from './when'

const purposeMin = 10 // letters
const purposeMax = 320

export function RevealDialog({ of, subject, close }: { of: RevealRequest['of']; subject: string; close: () => void }) {
  const { t } = useWords()
  const me = useHidden()
  const [done, setDone] = useState<RevealRequest>()
  const policy = me?.hidden
  if (!policy) return null
  if (done) {
    const end = () => { close(); if (done.state === 'open') window.dispatchEvent(new Event(changed)) }
    return (
      <Dialog onClose={end} title={t('reveal.title')} cancel={t('common.close')}>
        <p role="status">{done.state === 'open' ? <>{t('reveal.open')} {done.until && <When at={done.until} />}.</> : t('reveal.sent')}</p>
        <Button onClick={end} data-autofocus>{t('common.close')}</Button>
      </Dialog>
    )
  }
  const send = async (purpose: string) => {
    if (purpose.length < purposeMin) throw new Problem(400, 'reveal_purpose', {})
    setDone(await revealing.ask(of, subject, purpose))
  }
  return (
    <Ask title={t('reveal.title')} submit={policy.second_person ? t('reveal.ask') : t('reveal.show')} close={() => undefined} send={send} label={t('reveal.purpose')} max={purposeMax} focus leave={close}>
      <p><strong className="mono">{subject}</strong> · {t(`reveal.of.${of}`)}</p>
      <p>{t('reveal.effect', { hours: policy.hours })} {policy.second_person && t('reveal.second')} {t('reveal.audited')}</p>
    </Ask>
  )
}

// RevealLine says on a page that its addresses are hidden, and how to see them.
export function RevealLine({ of, subject }: { of: 'finding' | 'case'; subject: string }) {
  const { t } = useWords()
  const me = useHidden()
  const [asking, setAsking] = useState(false)
  if (!me?.hidden) return null
  return (
    <p className="quiet noprint">
      {t(of === 'case' ? 'reveal.line.case' : 'reveal.line')}{' '}
      {mayReveal(me) ? <Button size="compact-sm" variant="default" onClick={() => setAsking(true)}>{t('reveal.more')}</Button> : t('reveal.role', { role: t(`role.${me.hidden.role}`) })}
      {asking && <RevealDialog of={of} subject={subject} close={() => setAsking(false)} />}
    </p>
  )
}
