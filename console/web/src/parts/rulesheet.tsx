// One rule: what it says, how it is inspected, what it found, whether people thought it right, and its switch.
import { Button, Group, Skeleton } from '@mantine/core'
import { useState } from 'react'
import type { Me } from '../api'
import { useAnswer } from '../every'
import { useWords, type Key } from '../i18n'
import { follow } from '../route'
import { rules, type RuleDetail, type Sets } from '../rules'
import { looksAt, said } from '../rulewords'
import { Ask } from './ask'
import { Retry } from './retry'
import { RuleText } from './ruletext'
import type { ToastBox } from './toast'
import { TuneDialog, type Scope } from './tune'
import { When } from './when'

export function RuleSheet({ id, me, toasts, sets, changed }: { id: string; me: Me; toasts: ToastBox; sets: Sets; changed: () => void }) {
  const words = useWords()
  const { t, number } = words
  const [asking, setAsking] = useState(false)
  const [tuning, setTuning] = useState<Scope>()
  const { answer: rule, error, again: load } = useAnswer(id, () => rules.get(id), [sets.since, sets.cost.at])
  const lead = me.role === 'lead' || me.role === 'admin'
  if (error !== undefined) return <Retry error={error} again={load} />
  if (!rule) return <Skeleton height={320} role="img" aria-label={t('common.loading')} />
  const turn = async (reason: string) => {
    const off = rule.state !== 'off'
    const out = await rules.turn(id, off, reason)
    load()
    changed()
    if (!out.ok) { toasts.fail(t('rules.refused') + ' ' + t('rules.refused.what')); return }
    const seconds = number(out.milliseconds / 1000, 1)
    toasts.say(t(off ? 'rules.turned.off' : 'rules.turned.on', { seconds }) + (out.version ? '. ' + t('rules.given', { n: out.version }) : ''))
  }
  const x = rule.explained
  const judged = rule.true_positives + rule.false_positives
  return (
    <article className="finding rulesheet">
      <header>
        <h2>{rule.msg || t('rules.nameless')}</h2>
        <p className="quiet mono">{rule.id} · {t('rules.rev', { n: rule.rev })} · <span title={rule.file}>{rule.file.replace(/^.*\/(?=[^/]+\/[^/]+$)/, '')}:{rule.line}</span></p>
        {rule.off && <p><strong className="s3">{t('rules.off.since')} <When at={rule.off.at} /></strong> · {rule.off.by}: {rule.off.reason}</p>}
        <dl className="lead">
          <div><dt>{t('rules.state')}</dt><dd>{t(`rules.state.${rule.state}`)}</dd></div>
          <div><dt>{t('rules.col.day')}</dt><dd><Hits rule={rule} n={rule.hits_24h} range="24h" /></dd></div>
          <div><dt>{t('rules.col.week')}</dt><dd><Hits rule={rule} n={rule.hits_7d} range="7d" /></dd></div>
          <div><dt>{t('rules.col.last')}</dt><dd>{rule.last_any ? <a href={'/finding/' + encodeURIComponent(rule.latest_id)} onClick={follow}><When at={rule.last_any} /></a> : t('rules.never')}</dd></div>
          <div><dt>{t('rules.col.right')}</dt><dd>{judged === 0 ? t('rules.unjudged') : <>{number((100 * rule.true_positives) / judged)} % <span className="quiet">{Object.entries(rule.verdicts).map(([v, n]) => `${words.word('verdict', v)}: ${number(n ?? 0)}`).join(' · ')}</span></>}</dd></div>
          <div><dt>{t('rules.col.cost')}</dt><dd>{rule.cost === undefined ? '–' : t('rules.cost.of', { share: number(100 * rule.cost, 1), looks: number(rule.looks), each: number(rule.microseconds / Math.max(1, rule.looks), 1) })}</dd></div>
        </dl>
        <Group gap="xs" mt="sm">
          {lead && <Button size="compact-sm" variant={rule.state === 'off' ? 'filled' : 'default'} onClick={() => setAsking(true)}>{t(rule.state === 'off' ? 'rules.turn.on' : 'rules.turn.off')}</Button>}
          {me.role !== 'viewer' && rule.state !== 'off' && <Button size="compact-sm" variant="default" onClick={() => setTuning({ rule: String(rule.sid), name: rule.msg })}>{t('rules.tune')}</Button>}
          {me.role !== 'viewer' && <Button size="compact-sm" variant="default" component="a" href={'/rules?' + new URLSearchParams({ tab: 'own', copy: rule.id, ...(rule.latest_id ? { finding: rule.latest_id } : {}) })} onClick={follow}>{t('rules.copy')}</Button>}
        </Group>
      </header>
      <section><h3>{t('rules.text')}</h3><RuleText text={rule.text} /></section>
      {x && (
        <section>
          <h3>{t('rules.how')}</h3>
          <dl className="facts">
            <div><dt>{t('rules.when')}</dt><dd>{said(x.when, words)}</dd></div>
            <div><dt>{t('rules.looks')}</dt><dd>{x.looks_at.map((l) => <div key={l}>{looksAt(l, words)}</div>)}</dd></div>
            <div><dt>{t('rules.pattern')}</dt><dd>{x.fast_pattern ? <><code>{x.fast_pattern}</code> {t('rules.pattern.in', { buffer: x.fast_buffer })}</> : t('rules.pattern.none')}</dd></div>
            {x.slow.length > 0 && <div><dt>{t('rules.slow')}</dt><dd>{x.slow.map((s) => <div key={s} className="s2">{said(s, words)}</div>)}</dd></div>}
            {rule.category && <div><dt>{t('rules.category')}</dt><dd>{rule.category}, {t('rules.priority', { n: rule.priority })}</dd></div>}
            {rule.references.length > 0 && <div><dt>{t('finding.references')}</dt><dd className="mono">{rule.references.join(' · ')}</dd></div>}
            {rule.metadata && Object.entries(rule.metadata).map(([k, v]) => <div key={k}><dt className="mono">{k}</dt><dd>{v.join(', ')}</dd></div>)}
          </dl>
        </section>
      )}
      {rule.tunes.length > 0 && (
        <section>
          <h3>{t('rules.tunes')}</h3>
          <ul>{rule.tunes.map((u) => <li key={u.id}>{[u.src && `src:${u.src}`, u.dst && `dst:${u.dst}`, u.host && `host:${u.host}`].filter(Boolean).join(' ') || t('tunes.everywhere')} · {u.owner}: {u.reason} · {t('tunes.col.until')} <When at={u.expires} /></li>)}</ul>
        </section>
      )}
      {asking && (
        <Ask title={t(rule.state === 'off' ? 'rules.turn.on' : 'rules.turn.off')} submit={t(rule.state === 'off' ? 'rules.turn.on' : 'rules.turn.off')} close={() => setAsking(false)} send={turn} focus>
          <p>{rule.msg} <span className="mono quiet">{rule.id}</span></p>
          <p>{t((rule.state === 'off' ? 'rules.turn.on.what' : 'rules.turn.off.what') as Key, { n: number(rule.hits_7d) })}</p>
        </Ask>
      )}
      {tuning && <TuneDialog scope={tuning} close={() => setTuning(undefined)} toasts={toasts} done={load} />}
    </article>
  )
}

function Hits({ rule, n, range }: { rule: RuleDetail; n: number; range: string }) {
  const { number } = useWords()
  if (n === 0) return <>0</>
  return <a href={'/inbox?' + new URLSearchParams({ q: `rule:${rule.sid}`, range })} onClick={follow}>{rule.partial ? '≥ ' : ''}{number(n)}</a>
}
