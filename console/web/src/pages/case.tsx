// One case: what is known, what is due when, what stands in its reports.
import { Button, Skeleton, Textarea } from '@mantine/core'
import { useCallback, useEffect, useState, type FormEvent } from 'react'
import { api, Problem, type Finding, type Me } from '../api'
import { explain } from '../errors'
import { useAnswer } from '../every'
import { useWords, type Words } from '../i18n'
import { CaseClose, CaseReopen } from '../parts/caseclose'
import { CaseEntities } from '../parts/caseentities'
import { CaseEvidence } from '../parts/caseevidence'
import { CaseTakedown } from '../parts/casetakedown'
import { CaseTasks, type Change } from '../parts/casetasks'
import { CaseTeam } from '../parts/caseteam'
import { CaseTimeline } from '../parts/casetimeline'
import { Clocks } from '../parts/clocks'
import { isTime } from '../parts/fact'
import { FormSheet } from '../parts/formsheet'
import { IssuedTable } from '../parts/issued'
import { RevealLine } from '../parts/reveal'
import { Severity } from '../parts/severity'
import type { ToastBox } from '../parts/toast'
import { When } from '../parts/when'
import { calendar, reporting, type Case as Doc, type Clock, type IncidentView, type Issued, type Regime } from '../reporting'
import { follow, go } from '../route'
import { momentText } from '../time'

const shown = 20 // findings that are read by name; the others are links

export function Case({ id, me, address, toasts }: { id: string; me: Me; address: URL; toasts: ToastBox }) {
  const words = useWords()
  const { t, lang, number } = words
  const works = me.role !== 'viewer'
  const { answer: doc, error: lost, put: setDoc } = useAnswer(id, () => reporting.get(id))
  const [regimes, setRegimes] = useState<Regime[]>([])
  const [next, setNext] = useState('') // the form of what is due next, when the case was opened
  const regime = regimes.find((r) => r.pack.id === address.searchParams.get('pack')) ?? regimes[0] // the default comes first
  const pack = regime?.pack.id ?? ''
  const form = address.searchParams.get('form') ?? (next || (regime?.forms[0]?.id ?? ''))
  const [view, setView] = useState<IncidentView>()
  const [clocks, setClocks] = useState<Clock[]>()
  const [issued, setIssued] = useState<Issued[]>([])
  const [error, setError] = useState<unknown>()
  const [names, setNames] = useState<string[]>([])
  const [fresh, setFresh] = useState(0) // counts what the timeline shows and the case does not
  const failed = useCallback((e: unknown) => toasts.fail(explain(e, words)), [toasts, words])
  useEffect(() => {
    reporting.forms().then((r) => setRegimes(r.packs), setError)
    reporting.issued(id).then((r) => setIssued(r.reports), setError)
    api.accounts().then((a) => setNames(a.accounts.map((x) => x.name)), () => undefined)
  }, [id])
  const findings = doc?.findings.length
  const load = useCallback(async () => {
    if (!works) {
      setClocks((await reporting.clocks(id, pack)).clocks)
      return
    }
    const v = await reporting.incident(id, pack)
    setNext((old) => old || (v.clocks.find((k) => !k.sent && k.form)?.form ?? ''))
    setView(v)
    setClocks(v.clocks)
  }, [id, pack, works])
  useEffect(() => { if (findings !== undefined && pack !== '') load().catch(setError) }, [load, findings, pack])
  // change makes a change to the version that the page shows; when somebody else was faster it shows theirs.
  const change = (send: (version: number) => Promise<IncidentView>): Promise<boolean> => send(view?.incident.version ?? 0).then((v) => {
    setView(v)
    setClocks(v.clocks)
    return true
  }, (e: unknown) => {
    failed(e)
    if (e instanceof Problem && e.code === 'conflict') void load().catch(failed)
    return false
  })
  // work shows what somebody did, and takes it back while the message stands.
  const work: Change = (sent, said, undo) => void sent.then((c) => {
    setDoc(c)
    toasts.say(said, undo && (() => undo().then(setDoc, failed)))
  }, failed)
  if (error !== undefined || lost !== undefined) {
    return <div className="page"><h1>{t('cases.title')}</h1><p className="failure" role="alert">{explain(error ?? lost, words)}</p><a href="/cases" onClick={follow}>{t('case.back')}</a></div>
  }
  if (!doc) return <div className="page"><h1 className="hidden">{t('cases.title')}</h1><Skeleton height={420} role="img" aria-label={t('common.loading')} /></div>
  const open = doc.status === 'open' && works
  const summary = view?.incident.facts['incident.summary']?.values
  return (
    <article className="page finding case">
      <p className="noprint"><a href="/cases" onClick={follow}>← {t('case.back')}</a></p>
      <header>
        <h1>{doc.title}</h1>
        <p className="badges"><span className="mono">{doc.id}</span><span>{t(`cases.state.${doc.status}`)}</span>{doc.unit && <span>{doc.unit}</span>}
          <span>{t('case.opened')} <When at={doc.opened} /></span><span>{t('case.findings.n', { n: number(doc.findings.length) })}</span></p>
        <p className="tabs noprint">{(['clocks', 'tasks', 'timeline', ...(works ? ['evidence', 'report'] as const : [])] as const).map((x) => <a key={x} href={'#' + x} onClick={(e) => { e.preventDefault(); document.getElementById(x)?.scrollIntoView() }}>{t(`case.part.${x}`)}</a>)}</p>
        <RevealLine of="case" subject={doc.id} />
        {summary && <p>{(lang === 'en' && summary[1]) || summary[0]}</p>}
      </header>
      <div className="two">
        <div>
          <section id="clocks">
            <h2>{t('clock.title')}</h2>
            {!clocks ? <Skeleton height={96} role="img" aria-label={t('common.loading')} /> : <Clocks clocks={clocks} regime={regime}
              send={open ? (x) => change((version) => reporting.sent(id, pack, version, x)) : undefined} />}
            <p className="noprint"><a href={calendar(id, pack)} download>{t('clock.ics')}</a></p>
          </section>
          <CaseTasks doc={doc} names={names} open={open} change={work} />
          <CaseTimeline doc={doc} fresh={fresh} />
          {works && <CaseEvidence doc={doc} open={open} changed={() => setFresh((n) => n + 1)} />}
          {issued.length > 0 && <section><h2>{t('issued.title')}</h2><IssuedTable list={issued} files={works} /></section>}
          <div id="report" />
          {works && (!view ? <Skeleton height={420} role="img" aria-label={t('common.loading')} /> : <FormSheet id={id} at={{ pack, form }} regimes={regimes} view={view} change={change}
            open={open} toasts={toasts} choose={(f) => go(`/cases/${encodeURIComponent(id)}?` + new URLSearchParams({ ...f }), true)}
            issued={(x) => { setIssued((old) => [...old, x]); setFresh((n) => n + 1); void load().catch(failed) }} />)}
        </div>
        <aside>
          <CaseTeam doc={doc} me={me} names={names} open={open} change={work} />
          <Findings ids={doc.findings} />
          <CaseEntities doc={doc} open={open} change={work} />
          <Notes doc={doc} open={open} done={setDoc} failed={failed} />
          <CaseTakedown id={id} />
          {works && doc.status === 'closed' && <section className="noprint"><h2>{t('finding.action')}</h2><CaseReopen id={id} done={setDoc} /></section>}
          {open && <section className="noprint"><h2>{t('finding.action')}</h2><CaseClose id={id} due={(clocks ?? []).filter((k) => !k.sent).length} done={setDoc} /></section>}
          <section><h2>{t('finding.history')}</h2><History doc={doc} view={view} regime={regime} /></section>
          <Button className="noprint" variant="default" onClick={() => window.print()}>{t('common.print')}</Button>
        </aside>
      </div>
    </article>
  )
}

function Findings({ ids }: { ids: string[] }) {
  const { t, lang } = useWords()
  const [known, setKnown] = useState<Record<string, Finding>>({})
  useEffect(() => {
    let left = false
    for (const id of ids.slice(0, shown)) {
      api.finding(id).then((r) => { if (!left) setKnown((old) => ({ ...old, [id]: r.finding })) }, () => undefined) // gone: its id stays as the link
    }
    return () => { left = true }
  }, [ids])
  return (
    <section>
      <h2>{t('case.findings')}</h2>
      {ids.length === 0 ? <p className="quiet">{t('case.findings.none')}</p> : (
        <ul className="related">
          {ids.map((id) => {
            const f = known[id]
            return <li key={id}>{f && <><Severity level={f.event.severity} /> <When at={f['@timestamp']} /> </>}
              <a href={'/finding/' + encodeURIComponent(id)} onClick={follow} className={f ? '' : 'mono'}>{f ? f.khien.summary[lang] || f.rule.name || f.rule.id : id}</a></li>
          })}
        </ul>
      )}
    </section>
  )
}

function Notes({ doc, open, done, failed }: { doc: Doc; open: boolean; done: (c: Doc) => void; failed: (e: unknown) => void }) {
  const { t } = useWords()
  const [text, setText] = useState('')
  const send = (e: FormEvent) => {
    e.preventDefault()
    reporting.addNote(doc.id, text.trim()).then((c) => { setText(''); done(c) }, failed)
  }
  return (
    <section>
      <h2>{t('case.notes')}</h2>
      <ul className="history">{doc.notes?.map((n, i) => <li key={i}><small className="quiet"><When at={n.time} /> · {n.user}</small><div className="value">{n.text}</div></li>)}</ul>
      {open && <form className="noprint" onSubmit={send}>
        <Textarea aria-label={t('case.note')} placeholder={t('case.note')} value={text} onChange={(e) => setText(e.currentTarget.value)} maxLength={1300} autosize minRows={2} />
        <Button mt="xs" size="sm" variant="default" type="submit" disabled={text.trim() === ''}>{t('case.note.add')}</Button>
      </form>}
    </section>
  )
}

interface Entry { time: string; user: string; what: string; detail?: string }

function History({ doc, view, regime }: { doc: Doc; view?: IncidentView; regime?: Regime }) {
  const words = useWords()
  const list: Entry[] = [
    ...doc.history.map((h) => ({ time: h.time, user: h.user, what: caseChange(h.what, words) })),
    ...(view?.incident.history ?? []).map((h) => ({ time: h.at, user: h.by, ...incidentChange(h, words, regime) })),
  ].sort((a, b) => new Date(b.time).getTime() - new Date(a.time).getTime())
  return <ul className="history">{list.map((h, i) => <li key={i}><small className="quiet"><When at={h.time} /> · {h.user}</small><div>{h.what}</div>{h.detail && <small className="quiet value">{h.detail}</small>}</li>)}</ul>
}

function caseChange(what: string, { t, word }: Words): string {
  if (what === 'created') return t('case.did.created')
  if (what === 'note') return t('case.did.note')
  if (what.startsWith('finding:')) return t('case.did.finding')
  const cut = what.indexOf(':')
  const value = what.slice(cut + 1).trim()
  const known = word('case.did', what.slice(0, cut))
  if (cut > 0 && known !== what.slice(0, cut)) return value ? `${known}: ${value}` : known
  if (what.startsWith('closed')) return t('case.did.closed') + what.slice('closed'.length)
  return what
}

function incidentChange(h: { what: string; old?: string; new?: string }, { t, lang }: Words, regime?: Regime): { what: string; detail?: string } {
  if (h.what === 'confirm severity') return { what: t('case.did.severity') }
  if (h.what.startsWith('confirm citation:')) {
    const c = regime?.pack.citations.find((x) => 'confirm citation:' + x.id === h.what)
    return { what: t('case.did.citation'), detail: c ? (lang === 'en' && c.en) || c.vi : h.what.slice('confirm citation:'.length) }
  }
  if (h.what.startsWith('sent ')) {
    const d = regime?.pack.duties.find((x) => 'sent ' + x.id === h.what)
    return { what: t('case.did.sent'), detail: [d ? d[lang] : h.what.slice(5), h.new].filter(Boolean).join(' · ') }
  }
  const field = regime?.forms.flatMap((f) => f.sections.flatMap((s) => s.fields)).find((f) => f.map === h.what)
  return { what: t('case.did.edit', { what: field ? (lang === 'en' ? field.en : field.label) : h.what }), detail: [h.old, h.new].map((s) => (field && isTime(field) && momentText(value(s))) || value(s)).join(' → ') }
}

// value is what a history keeps of a fact: its values, each with a semicolon behind it.
const value = (s?: string) => s?.replace(/; $/, '') || '–'
