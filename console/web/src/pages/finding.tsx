// What happened, to whom, how do we know, what did we not see, what now?
import { Button, Skeleton } from '@mantine/core'
import { useCallback, useEffect, useState } from 'react'
import { api, Problem, type Finding as Doc, type Machine, type Me, type Triage } from '../api'
import { explain } from '../errors'
import { useWords } from '../i18n'
import { Bytes } from '../parts/bytes'
import { Decide, History } from '../parts/decide'
import { Facts } from '../parts/facts'
import { FileSection } from '../parts/file'
import { LossLine } from '../parts/lossline'
import { Packets } from '../parts/packets'
import { Advice } from '../parts/advice'
import { RevealLine } from '../parts/reveal'
import { RuleText } from '../parts/ruletext'
import { Transactions } from '../parts/transactions'
import { Severity } from '../parts/severity'
import { Pivot } from '../parts/pivot'
import { Related } from '../parts/related'
import { StartReport, StartReportDialog } from '../parts/startreport'
import { ProposeDialog, targetsOf } from '../parts/propose'
import type { ToastBox } from '../parts/toast'
import { TuneDialog, type Scope } from '../parts/tune'
import { When } from '../parts/when'
import { holdsPseudonym } from '../reveal'
import { usePress } from '../press'
import { follow, go } from '../route'
import { unitName, useUnits } from '../units'
import { beside, leaveAt } from '../view'

const marks: Record<string, string> = { seen: '●', inferred: '○', reported: '◌' }

export function Finding({ id, me, toasts, decided }: { id: string; me: Me; toasts: ToastBox; decided: number }) {
  const words = useWords()
  const { t } = words
  const [got, setGot] = useState<{ finding: Doc; group: string; triage: Triage; units: string[]; machine: Machine | null }>()
  const [error, setError] = useState<unknown>()
  useEffect(() => {
    api.finding(id).then(setGot, setError)
  }, [id])
  const group = got?.group
  useEffect(() => {
    if (group && decided > 0) void api.triage(group).then((triage) => setGot((g) => g && { ...g, triage }), () => undefined)
  }, [decided, group])
  const setTriage = useCallback((triage: Triage) => setGot((g) => g && { ...g, triage }), [])
  if (error !== undefined) {
    return <div className="page"><h1>{t('finding.title')}</h1><p className="failure" role="alert">{explain(error, words)}</p>
      <a href="/inbox" onClick={follow}>{t('common.back')}</a></div>
  }
  if (!got) return <div className="page"><h1 className="hidden">{t('finding.title')}</h1><Skeleton height={420} role="img" aria-label={t('common.loading')} /></div>
  return <Sheet doc={got.finding} group={got.group} triage={got.triage} units={got.units} machine={got.machine} me={me} setTriage={setTriage}
    failed={(e) => { toasts.fail(explain(e, words)); if (e instanceof Problem && e.body.current) setTriage(e.body.current) }}
    said={toasts.say} toasts={toasts} />
}

function Sheet({ doc, group, triage, units, machine, me, setTriage, failed, said, toasts }: {
  doc: Doc; group: string; triage: Triage; units: string[]; machine: Machine | null; me: Me; setTriage: (t: Triage) => void; failed: (e: unknown) => void; said: (s: string, undo?: () => void) => void
  toasts: ToastBox
}) {
  const [tuning, setTuning] = useState<Scope>()
  const [proposing, setProposing] = useState(false)
  const [reporting, setReporting] = useState(false)
  const words = useWords()
  const { t, lang, number } = words
  const names = useUnits(units.length > 0)
  const k = doc.khien
  const title = k.summary[lang] || doc.rule.name || doc.rule.id
  const from = doc.event.start ?? doc['@timestamp']
  const to = doc.event.end ?? doc['@timestamp']
  const reasons = k.reasons ?? []
  const targets = targetsOf(doc)
  const tune = () => setTuning({ rule: doc.rule.id, name: doc.rule.name ?? '', src: doc.source?.ip, dst: doc.destination?.ip, host: k.domain,
    page: k.source === 'signature' ? '/rules?' + new URLSearchParams({ rule: `${k.rule?.gid ?? 1}:${doc.rule.id}` }) : undefined })
  const next = (step: number) => {
    const place = beside(doc.event.id, step)
    if (!place) { said(t(step > 0 ? 'finding.last' : 'finding.first')); return }
    leaveAt(place.key)
    go('/finding/' + encodeURIComponent(place.id), true)
    window.scrollTo(0, 0)
  }
  usePress({
    j: () => next(1), k: () => next(-1), u: () => toasts.undoLast(),
    ...(me.role === 'viewer' ? {} : { t: tune, r: () => setReporting(true), ...(targets.length > 0 ? { b: () => setProposing(true) } : {}) }),
  })
  const top = Math.max(0.0001, ...reasons.map((r) => r.weight))
  return (
    <article className="page finding">
      <p className="noprint"><a href="/inbox" onClick={(e) => { if (history.length > 1) { e.preventDefault(); history.back() } else follow(e) }}>← {t('common.back')}</a></p>
      <header>
        <h1>{title}</h1>
        <p className="badges">
          <Severity level={doc.event.severity} />
          {doc.pcap_filename && <span title={doc.pcap_filename}>{t('finding.replayed')}</span>}
          <span>{t('finding.score', { n: number(k.score, 2) })}</span>
          <span>{words.word('status', triage.status)}</span>
          <span>{triage.assignee || t('common.nobody')}</span>
          {k.count > 1 && <span>{t(k.fraud?.kind === 'story' ? 'finding.steps.n' : 'finding.times', { n: number(k.count) })}</span>}
        </p>
        <dl className="lead">
          <div><dt>{t('finding.who')}</dt><dd className="mono">{doc.source?.ip ? <Pivot field="ip" value={doc.source.ip} /> : t('common.unknown')}</dd></div>
          {machine && <div><dt>{t('finding.machine')}</dt><dd>{machine.name || t('entity.unnamed')} <span className="mono">{machine.mac}</span></dd></div>}
          {units.length > 0 && <div><dt>{t('units.touched')}</dt><dd>{units.map((u, i) => <span key={u}>{i > 0 && ', '}<Pivot field="unit" value={u} label={unitName(names, u, lang)} /></span>)}</dd></div>}
          <div><dt>{t('finding.where')}</dt><dd className="mono">
            {k.domain && <Pivot field="host" value={k.domain} />}{k.domain && doc.destination?.ip && ' · '}
            {doc.destination?.ip && <Pivot field="ip" value={doc.destination.ip} />}{!k.domain && !doc.destination?.ip && t('common.unknown')}
          </dd></div>
          <div><dt>{t('finding.when')}</dt><dd><When at={from} to={to} /></dd></div>
          <div><dt>{t('finding.how')}</dt><dd><Pivot field="source" value={k.source} label={words.word('source', k.source)} /></dd></div>
          {k.fraud?.brand && <div><dt>{t('finding.brand')}</dt><dd><Pivot field="brand" value={k.fraud.brand} /></dd></div>}
          {k.fraud?.stage && <div><dt>{t('finding.stage')}</dt><dd><Pivot field="stage" value={k.fraud.stage} label={words.word('stage', k.fraud.stage)} /> ({words.word('visibility', k.fraud.visibility)})</dd></div>}
        </dl>
        {holdsPseudonym(doc) && <RevealLine of="finding" subject={doc.event.id} />}
      </header>
      <div className="two">
        <div>
          <section className={k.steps?.length ? undefined : 'nothing'}>
            <h2>{t('finding.steps')}</h2>
            {!k.steps?.length ? <p className="quiet">{t('finding.steps.none')}</p> : (
              <ol className="steps">
                {k.steps.map((s, i) => (
                  <li key={i} className={`v-${Object.hasOwn(marks, s.visibility) ? s.visibility : 'seen'}`}>
                    <span className="mark" aria-hidden="true">{marks[s.visibility] ?? '●'}</span>
                    <When at={s.time} seconds />
                    <strong>{words.word('stage', s.stage)}</strong>
                    <span className="quiet">{words.word('visibility', s.visibility)}</span>
                    <span>{s.what[lang] || s.what.vi || s.what.en}<Evidence of={s.evidence} /></span>
                  </li>
                ))}
              </ol>
            )}
            {!!k.steps?.length && <p className="quiet legend">{t('finding.legend')}</p>}
          </section>
          <section>
            <h2>{t('finding.reasons')}</h2>
            {reasons.length === 0 ? <p className="quiet">{t('finding.reasons.none')}</p> : (
              <ul className="reasons">
                {reasons.map((r, i) => (
                  <li key={i}>
                    <div className="reason">
                      <span>{r[lang] || r.vi || r.en}</span>
                      <span className="bar" role="img" aria-label={t('finding.weight', { n: number(r.weight, 2) })}><span style={{ width: `${(Math.max(0, r.weight) / top) * 100}%` }} /></span>
                      <span className="count">+{number(r.weight, 2)}</span>
                    </div>
                    <Bytes reason={r} />
                  </li>
                ))}
              </ul>
            )}
          </section>
          <section>
            <h2>{t('finding.notseen')}</h2>
            {!k.not_seen?.length ? <p className="quiet">{t('finding.notseen.none')}</p>
              : <ul>{k.not_seen.map((x, i) => <li key={i}>{x[lang] || x.vi || x.en}</li>)}</ul>}
            {k.source !== 'health' && <LossLine from={from} to={to} sensor={doc.observer.name} />}
          </section>
          <section>
            <h2>{t('finding.rule')}: <span className="mono"><Pivot field="rule" value={doc.rule.id} /></span>{k.rule?.text && doc.rule.name && doc.rule.name !== title && <> · {doc.rule.name}</>}</h2>
            {k.rule?.text ? <RuleText text={k.rule.text} reasons={reasons} /> : <p className="quiet">{t('finding.rule.none')}</p>}
            {k.source === 'signature' && <p className="noprint"><a href={'/rules?' + new URLSearchParams({ rule: `${k.rule?.gid ?? 1}:${doc.rule.id}` })} onClick={follow}>{t('finding.rule.page')}</a></p>}
            {doc.rule.reference && <p><strong>{t('finding.references')}:</strong> <span className="mono">{doc.rule.reference.join(' · ')}</span></p>}
            {doc.threat && <p><strong>{t('finding.techniques')}:</strong> {doc.threat.technique.id.map((x, i) => <span key={x}>{i > 0 && ' · '}<Pivot field="technique" value={x} /> {words.name('technique', x, doc.threat?.technique.name[i])}</span>)}</p>}
          </section>
          {k.source !== 'health' && <Transactions id={doc.event.id} />}
          {me.role !== 'viewer' && <Packets id={doc.event.id} reasons={reasons} />}
          {doc.file?.hash?.sha256 && <FileSection id={doc.event.id} me={me} />}
        </div>
        <aside>
          <Advice doc={doc} />
          <Decide group={group} triage={triage} me={me} setTriage={setTriage} failed={failed} said={said}>
            <Button size="sm" variant="default" onClick={tune}>{t('tune.open')}</Button>
            <StartReport finding={doc.event.id} title={title} />
            <StartReport finding={doc.event.id} title={title} freeze />
            {targets.length > 0 && <Button size="sm" variant="default" onClick={() => setProposing(true)}>{t('propose.open')}</Button>}
          </Decide>
          {reporting && <StartReportDialog findings={[doc.event.id]} title={title} close={() => setReporting(false)} />}
          {proposing && <ProposeDialog targets={targets} finding={doc.event.id} close={() => setProposing(false)} toasts={toasts} />}
          {tuning && <TuneDialog scope={tuning} close={() => setTuning(undefined)} toasts={toasts} />}
          <section><h2>{t('finding.details')}</h2><Facts doc={doc} /></section>
          <Related doc={doc} group={group} />
          <section className={triage.history.length + triage.comments.length > 0 ? undefined : 'nothing'}><h2>{t('finding.history')}</h2><History triage={triage} /></section>
          <Button className="noprint" variant="default" onClick={() => window.print()}>{t('common.print')}</Button>
        </aside>
      </div>
      {me.role !== 'viewer' && <p className="keys noprint">{t('finding.keys')}</p>}
    </article>
  )
}

// Evidence leads to the finding that shows a step; what is no finding is told as it is.
function Evidence({ of }: { of?: string }) {
  const { t } = useWords()
  if (!of || of.startsWith('flow ')) return null // the number of a flow leads nowhere: its packets are below
  if (!/^[0-9a-f]{32}$/.test(of)) return <small className="mono quiet"> {of}</small>
  return <small> <a href={'/finding/' + of} onClick={follow}>{t('finding.evidence')}</a></small>
}
