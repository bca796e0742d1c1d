// Which findings propose, what is approved by itself, how far each unit goes, and what is never blocked.
import { Button, Group, Select } from '@mantine/core'
import { useState } from 'react'
import type { Me } from '../api'
import { lasting } from '../blocking'
import { useAnswer } from '../every'
import { useWords } from '../i18n'
import { policies, values, type InForce, type PolicyNow, type Protected } from '../policy'
import { dateTime } from '../time'
import { Ask } from './ask'
import { PolicyForm } from './policyform'
import { Retry } from './retry'
import type { ToastBox } from './toast'
import { When } from './when'

export function Policies({ me, toasts, changed }: { me: Me; toasts: ToastBox; changed: () => void }) {
  const words = useWords()
  const { t, word, number } = words
  const { answer: now, error, again: load, put } = useAnswer('policies', () => policies.get().then((r) => r.policy))
  const [editing, setEditing] = useState(false)
  const [back, setBack] = useState(false)
  const done = (p: InForce) => { put(p); setEditing(false); toasts.say(t('policy.applied', { n: p.version })); changed() }
  const lead = me.role === 'lead' || me.role === 'admin'
  const mode = (m: string, file: string) => <>{word('policy.mode', m)}{m !== file && <small className="quiet"> ({t('policy.was', { mode: word('policy.mode', file) })})</small>}</>
  return (
    <section className="panel admin policies" id="policies">
      <h2>{t('policy.title')}</h2>
      <Retry error={error} again={load} />
      {now && <>
        <p>{now.version === 0 ? t('policy.file') : <>{t('policy.version', { n: now.version, user: now.user ?? '' })} {now.reason} <small className="quiet"><When at={now.time ?? ''} /></small></>}</p>
        {lead && !editing && <Group gap="xs" mb="sm">
          <Button size="compact-sm" variant="default" onClick={() => setEditing(true)}>{t('policy.edit')}</Button>
          {now.version > 0 && <Button size="compact-sm" variant="default" onClick={() => setBack(true)}>{t('policy.back')}</Button>}
        </Group>}
        {editing ? <PolicyForm now={now} close={() => setEditing(false)} done={done} /> : <>
          <h3>{t('policy.units')}</h3>
          <ul>
            {now.units.map((u) => <li key={u.name}><strong>{u.name}</strong>: {mode(u.mode, u.file_mode)}</li>)}
            <li>{t('policy.rest')}: {mode(now.mode, now.file_mode)}</li>
          </ul>
          <h3>{t('policy.list')}</h3>
          <ul>{now.policies.map((p) => <li key={p.name}><One policy={p} /></li>)}</ul>
          <h3>{t('policy.brakes')}</h3>
          <p>{t('policy.brakes.text', {
            n: number(now.brakes.automatic), window: lasting(duration(now.brakes.window), words), names: number(now.brakes.names), shrink: number(now.brakes.shrink * 100),
            v4: now.brakes.prefix_v4, v6: now.brakes.prefix_v6, kinds: now.four_eyes.map((k) => word('blocking.kind', k)).join(', ') || t('policy.trial.nothing'),
          })}</p>
          <h3>{t('policy.never')}</h3>
          <p className="quiet">{t('policy.never.added')}{now.added.length === 0 && <>: {t('policy.never.none')}</>}</p>
          <Entries list={now.added} />
          {now.file.length > 0 && <details><summary>{t('policy.never.file', { n: number(now.file.length) })}</summary><Entries list={now.file} /></details>}
          <details><summary>{t('policy.never.ships', { n: number(now.ships.length) })}</summary><Entries list={now.ships} /></details>
        </>}
        {back && <BackDialog now={now} close={() => setBack(false)} done={done} />}
      </>}
    </section>
  )
}

// duration is a time of Go, such as 24h0m0s, in milliseconds.
const duration = (s: string) => [...s.matchAll(/([\d.]+)(h|m|s)/g)].reduce((ms, [, n, unit]) => ms + Number(n) * (unit === 'h' ? 3_600_000 : unit === 'm' ? 60_000 : 1000), 0)

function One({ policy: p }: { policy: PolicyNow }) {
  const words = useWords()
  const { t, word, number } = words
  const from = [...(p.when.source ?? []).map((s) => word('source', s)), ...(p.when.kind ?? []).map((k) => word('policy.kind', k))]
  return (
    <>
      <strong>{p.name}</strong>{p.changed && <small className="quiet"> ({t('policy.changed')})</small>}:{' '}
      {p.off ? t('policy.off') : <>
        {t('policy.proposes', {
          action: word('blocking.action', p.action), what: word('policy.target', p.block), time: lasting(duration(p.ttl), words), score: number(p.when.min_score, 2),
          severity: p.when.min_severity > 0 ? t('policy.severity', { name: word('severity', String(p.when.min_severity)) }) : '',
        })}{' '}
        {p.auto ? t('policy.auto', { score: number(p.auto.min_score, 2), n: number(p.auto.evidence) }) : t('policy.person')}{' '}
        <span className="quiet">{t('policy.from', { list: from.join(', ') || t('policy.all') })}</span>
      </>}
    </>
  )
}

function Entries({ list }: { list: Protected[] }) {
  const { t, lang } = useWords()
  if (list.length === 0) return null
  return (
    <table className="groups plain">
      <thead><tr><th scope="col">{t('blocking.col.value')}</th><th scope="col">{t('policy.never.reason')}</th><th scope="col">{t('policy.never.owner')}</th></tr></thead>
      <tbody>{list.map((p, i) => <tr key={i}><td className="mono">{values(p).join(', ')}</td><td>{p.reason[lang] || p.reason.vi || p.reason.en}</td><td>{p.owner}</td></tr>)}</tbody>
    </table>
  )
}

function BackDialog({ now, close, done }: { now: InForce; close: () => void; done: (p: InForce) => void }) {
  const { t } = useWords()
  const earlier = now.versions.filter((v) => v.version !== now.version)
  const [version, setVersion] = useState(String(earlier[0].version))
  return (
    <Ask large title={t('policy.back.title')} submit={t('policy.apply')} close={close} send={async (reason) => done((await policies.restore(Number(version), now.version, reason)).policy)}>
      <p>{t('policy.back.effect')}</p>
      <Select label={t('policy.back.which')} value={version} onChange={(v) => v && setVersion(v)} allowDeselect={false}
        data={earlier.map((v) => ({
          value: String(v.version),
          label: v.version === 0 ? t('policy.back.file') : t('policy.back.n', { n: v.version, time: dateTime(v.time ?? ''), user: v.user ?? '', reason: v.reason ?? '' }),
        }))} />
    </Ask>
  )
}
