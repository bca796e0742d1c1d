// What does the next shift have to know, and who said so to whom?
import { Button, Group, Skeleton, Textarea } from '@mantine/core'
import { useState } from 'react'
import type { Me } from '../api'
import { work, type Handover as Doc, type Signature } from '../casework'
import { explain } from '../errors'
import { useAnswer } from '../every'
import { useWords } from '../i18n'
import { Ask } from '../parts/ask'
import { Dialog } from '../parts/dialog'
import { Moment, type Typed } from '../parts/moment'
import { Retry } from '../parts/retry'
import { ShiftSheet } from '../parts/shiftsheet'
import type { ToastBox } from '../parts/toast'
import { When } from '../parts/when'
import { follow, go } from '../route'
import { dateTime, span, wholeMinute } from '../time'

export function Handover({ address, me, toasts }: { address: URL; me: Me; toasts: ToastBox }) {
  const id = address.searchParams.get('id') ?? ''
  const from = address.searchParams.get('from') ?? ''
  const to = address.searchParams.get('to') ?? ''
  return id ? <Signed key={id} id={id} me={me} toasts={toasts} /> : <Shift key={from + to} from={from} to={to} me={me} toasts={toasts} />
}

// Shift is the sheet as things stand now.
function Shift({ from, to, me, toasts }: { from: string; to: string; me: Me; toasts: ToastBox }) {
  const words = useWords()
  const { t } = words
  const [signing, setSigning] = useState(false)
  const { answer, error, again: load } = useAnswer(from + to, () => Promise.all([work.sheet(from, to), work.handovers()]))
  const [sheet, list] = answer ? [answer[0], answer[1].handovers] : []
  const last = list?.[0]
  return (
    <article className="page handover">
      <div className="title">
        <h1>{t('handover.title')}</h1>
        {sheet && <span><When at={sheet.from} to={sheet.to} /></span>}
        <Button className="noprint" size="sm" variant="default" onClick={() => window.print()}>{t('common.print')}</Button>
        {me.role !== 'viewer' && <Button className="noprint" size="sm" disabled={!sheet} onClick={() => setSigning(true)}>{t('handover.sign')}</Button>}
      </div>
      <Times key={`${sheet?.from}`} from={sheet?.from ?? ''} to={sheet?.to ?? ''} />
      <Retry error={error} again={load} />
      {last && !last.taking && last.leaving.by !== me.name && me.role !== 'viewer' && (
        <p className="notice noprint">{t('handover.waiting', { name: last.leaving.by, span: span(last.from, last.to) })} <a href={'/handover?' + new URLSearchParams({ id: last.id })} onClick={follow}>{t('handover.open')}</a></p>
      )}
      {last && <section className="panel words"><h2>{t('handover.before')}</h2><Word who={last.leaving} label={t('handover.leaving')} /></section>}
      {!sheet ? error === undefined && <Skeleton height={420} role="img" aria-label={t('common.loading')} /> : <ShiftSheet sheet={sheet} />}
      <Blank />
      <section className="panel noprint">
        <h2>{t('handover.list')}</h2>
        {!list ? error === undefined && <Skeleton height={48} role="img" aria-label={t('common.loading')} /> : list.length === 0 ? <p className="quiet">{t('handover.list.none')}</p> : <Signings list={list} />}
      </section>
      {signing && sheet && (
        <Ask title={t('handover.sign')} submit={t('handover.sign')} close={() => setSigning(false)} label={t('handover.words')} max={1300} large focus
          send={(text) => work.sign(sheet.from, sheet.to, text).then((h) => { toasts.say(t('handover.signed', { id: h.id })); go('/handover?' + new URLSearchParams({ id: h.id })) })}>
          <p>{t('handover.sign.effect', { span: span(sheet.from, sheet.to) })}</p>
        </Ask>
      )}
    </article>
  )
}

function Signings({ list }: { list: Doc[] }) {
  const { t } = useWords()
  return (
    <table className="groups plain duties">
      <thead><tr><th scope="col">{t('cases.id')}</th><th scope="col">{t('handover.shift')}</th><th scope="col">{t('handover.leaving')}</th><th scope="col">{t('handover.taking')}</th></tr></thead>
      <tbody>{list.map((h) => (
        <tr key={h.id}>
          <td className="mono id"><a href={'/handover?' + new URLSearchParams({ id: h.id })} onClick={follow}>{h.id}</a></td>
          <td><When at={h.from} to={h.to} /></td>
          <td className="text">{h.leaving.by}, <When at={h.leaving.at} />{h.leaving.text && <div className="quiet value">{h.leaving.text}</div>}</td>
          <td className="text">{h.taking ? <>{h.taking.by}, <When at={h.taking.at} />{h.taking.text && <div className="quiet value">{h.taking.text}</div>}</> : <strong className="s3">{t('handover.nobody')}</strong>}</td>
        </tr>
      ))}</tbody>
    </table>
  )
}

// Times chooses another shift; the address bar holds it.
function Times({ from, to }: { from: string; to: string }) {
  const { t } = useWords()
  const [a, setA] = useState<Typed>(() => wholeMinute(from))
  const [b, setB] = useState<Typed>(() => wholeMinute(to))
  const good = a && b && Date.parse(a) < Date.parse(b)
  return (
    <form className="query noprint" onSubmit={(e) => { e.preventDefault(); if (good) go('/handover?' + new URLSearchParams({ from: a, to: b })) }}>
      <Moment size="xs" label={t('handover.from')} value={a} onChange={setA} />
      <Moment size="xs" label={t('handover.to')} value={b} onChange={setB} />
      <Button size="xs" variant="default" type="submit" disabled={!good}>{t('handover.show')}</Button>
      <Button size="xs" variant="subtle" onClick={() => go('/handover')}>{t('handover.now')}</Button>
    </form>
  )
}

// Signed is the sheet as it was signed, with both signatures.
function Signed({ id, me, toasts }: { id: string; me: Me; toasts: ToastBox }) {
  const words = useWords()
  const { t } = words
  const [taking, setTaking] = useState(false)
  const { answer: got, error, again: load } = useAnswer(id, () => work.handover(id))
  const back = <p className="noprint"><a href="/handover" onClick={follow}>← {t('handover.back')}</a></p>
  if (error !== undefined) return <div className="page"><h1>{t('handover.title')}</h1><Retry error={error} again={load} />{back}</div>
  if (!got) return <div className="page"><h1 className="hidden">{t('handover.title')}</h1><Skeleton height={420} role="img" aria-label={t('common.loading')} /></div>
  const h = got.handover
  return (
    <article className="page handover">
      {back}
      <div className="title">
        <h1>{t('handover.title')} <span className="mono">{h.id}</span></h1>
        <span><When at={h.from} to={h.to} /></span>
        <Button className="noprint" size="sm" variant="default" onClick={() => window.print()}>{t('common.print')}</Button>
        {!h.taking && me.role !== 'viewer' && me.name !== h.leaving.by && <Button className="noprint" size="sm" onClick={() => setTaking(true)}>{t('handover.take')}</Button>}
      </div>
      {!got.whole && <p className="failure" role="alert">{t('handover.changed')}</p>}
      {!h.taking && me.name === h.leaving.by && <p className="notice noprint">{t('handover.other')}</p>}
      <section className="panel words">
        <Word who={h.leaving} label={t('handover.leaving')} />
        {h.taking ? <Word who={h.taking} label={t('handover.taking')} /> : <div><strong>{t('handover.taking')}</strong> <span className="s3">{t('handover.nobody')}</span></div>}
      </section>
      <ShiftSheet sheet={got.sheet} />
      {taking && <Take id={id} close={() => setTaking(false)} done={() => { setTaking(false); toasts.say(t('handover.taken')); load() }} />}
    </article>
  )
}

// Take needs no words: silence is consent once the sheet has been read.
function Take({ id, close, done }: { id: string; close: () => void; done: () => void }) {
  const words = useWords()
  const { t } = words
  const [text, setText] = useState('')
  const [error, setError] = useState('')
  return (
    <Dialog onClose={close} title={t('handover.take')}>
      <form onSubmit={(e) => { e.preventDefault(); work.take(id, text.trim()).then(done, (x: unknown) => setError(explain(x, words))) }}>
        <p>{t('handover.take.effect')}</p>
        <Textarea label={t('handover.take.words')} value={text} onChange={(e) => setText(e.currentTarget.value)} maxLength={1300} autosize minRows={2} data-autofocus />
        {error && <p className="failure" role="alert">{error}</p>}
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={close}>{t('common.cancel')}</Button>
          <Button type="submit">{t('handover.take')}</Button>
        </Group>
      </form>
    </Dialog>
  )
}

function Word({ who, label }: { who: Signature; label: string }) {
  return <div><strong>{label}</strong> {who.by}, <time dateTime={who.at}>{dateTime(who.at)}</time>{who.text && <p className="value">{who.text}</p>}</div>
}

// Blank is for those who sign on paper.
function Blank() {
  const { t } = useWords()
  return <div className="signatures onpaper"><div>{t('handover.leaving')}</div><div>{t('handover.taking')}</div></div>
}
