// The form that changes policies: a change is tried on the last days before it can be applied.
import { Button, Checkbox, Group, Select, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { Problem } from '../api'
import { explain } from '../errors'
import { useWords, type Key } from '../i18n'
import { draftOf, overlayOf, policies, type Draft, type InForce, type Trial } from '../policy'
import { Ask } from './ask'

const modes = ['off', 'dry-run', 'suggest', 'auto']

export function PolicyForm({ now, close, done }: { now: InForce; close: () => void; done: (p: InForce) => void }) {
  const words = useWords()
  const { t, word } = words
  const [draft, setDraft] = useState<Draft>(() => draftOf(now))
  const [trial, setTrial] = useState<{ of: string; trial: Trial }>()
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const [applying, setApplying] = useState(false)
  const overlay = overlayOf(draft, now)
  const text = JSON.stringify(overlay)
  const same = text === JSON.stringify(overlayOf(draftOf(now), now))
  const tried = trial?.of === text
  const token = error instanceof Problem ? error.body.token ?? '' : ''
  // wrong says what is wrong with a field, whose place the server names.
  const wrong = (say: Key, ...fields: string[]) =>
    (token !== '' && fields.some((f) => token === f || token.startsWith(f + '[') || token.startsWith(f + '.')) ? t(say) : undefined)
  const policy = (i: number, change: Partial<Draft['policies'][number]>) =>
    setDraft((d) => ({ ...d, policies: d.policies.map((p, j) => (j === i ? { ...p, ...change, touched: true } : p)) }))
  const entry = (i: number, change: Partial<Draft['never'][number]>) => setDraft((d) => ({ ...d, never: d.never.map((p, j) => (j === i ? { ...p, ...change } : p)) }))
  const preview = (e: FormEvent) => {
    e.preventDefault()
    setBusy(true)
    setError(undefined)
    policies.preview(overlay).then((r) => setTrial({ of: text, trial: r.trial }), (x: unknown) => { setTrial(undefined); setError(x) }).finally(() => setBusy(false))
  }
  const options = modes.map((m) => ({ value: m, label: word('policy.mode', m) }))
  const severities = ['0', '1', '2', '3', '4'].map((s) => ({ value: s, label: s === '0' ? t('policy.any') : word('severity', s) }))
  return (
    <form onSubmit={preview} aria-label={t('policy.edit.title')} className="policyform">
      <h3>{t('policy.units')}</h3>
      <Group align="start">
        {draft.units.map((u, i) => <Select key={u.name} label={u.name} data={options} value={u.mode} allowDeselect={false}
          onChange={(v) => v && setDraft((d) => ({ ...d, units: d.units.map((x, j) => (j === i ? { ...x, mode: v } : x)) }))} />)}
        <Select label={t('policy.rest')} data={options} value={draft.mode} allowDeselect={false} onChange={(v) => v && setDraft((d) => ({ ...d, mode: v }))} />
      </Group>
      <h3>{t('policy.list')}</h3>
      {draft.policies.map((p, i) => {
        const at = `policies[${overlay.policies.findIndex((x) => x.name === p.name)}]`
        return (
          <fieldset key={p.name}>
            <legend>{p.name}</legend>
            <Checkbox label={t('policy.on')} checked={p.on} onChange={(e) => policy(i, { on: e.currentTarget.checked })} />
            <Group mt="xs" align="start">
              <TextInput label={t('policy.score')} inputMode="decimal" value={p.score} onChange={(e) => policy(i, { score: e.currentTarget.value })} error={wrong('policy.wrong.score', at + '.min_score')} maxLength={6} />
              <Select label={t('policy.minseverity')} data={severities} value={p.severity} allowDeselect={false} onChange={(v) => v && policy(i, { severity: v })} />
            </Group>
            {p.may ? <>
              <Checkbox mt="sm" label={t('policy.auto.on')} checked={p.auto} onChange={(e) => policy(i, { auto: e.currentTarget.checked })} />
              {p.auto && <Group mt="xs" align="start">
                <TextInput label={t('policy.auto.score')} inputMode="decimal" value={p.autoScore} onChange={(e) => policy(i, { autoScore: e.currentTarget.value })} error={wrong('policy.wrong.auto', at + '.auto.min_score')} maxLength={6} />
                <TextInput label={t('policy.auto.kinds')} inputMode="numeric" value={p.kinds} onChange={(e) => policy(i, { kinds: e.currentTarget.value })} error={wrong('policy.wrong.kinds', at + '.auto.evidence')} maxLength={2} />
              </Group>}
            </> : <p className="quiet">{t('policy.person')}</p>}
          </fieldset>
        )
      })}
      <h3>{t('policy.never')}</h3>
      {draft.never.map((p, i) => {
        const at = `never[${i}]`
        return (
          <fieldset key={i}>
            <legend>{t('policy.never.n', { n: i + 1 })}</legend>
            <TextInput label={t('policy.never.values')} value={p.values} onChange={(e) => entry(i, { values: e.currentTarget.value })} error={wrong('policy.wrong.values', at + '.names', at + '.prefixes', at + '.hashes')} required />
            <Group mt="xs" align="start" grow>
              <TextInput label={t('policy.never.reason')} value={p.reason} onChange={(e) => entry(i, { reason: e.currentTarget.value })} error={wrong('policy.wrong.text', at + '.reason')} maxLength={100} required />
              <TextInput label={t('policy.never.owner')} value={p.owner} onChange={(e) => entry(i, { owner: e.currentTarget.value })} error={wrong('policy.wrong.text', at + '.owner')} maxLength={100} required />
            </Group>
            <Button mt="xs" size="compact-sm" variant="default" onClick={() => setDraft((d) => ({ ...d, never: d.never.filter((_, j) => j !== i) }))}>{t('policy.never.remove', { n: i + 1 })}</Button>
          </fieldset>
        )
      })}
      <Button size="compact-sm" variant="default" onClick={() => setDraft((d) => ({ ...d, never: [...d.never, { values: '', reason: '', en: '', owner: '' }] }))}>{t('policy.never.add')}</Button>
      {error !== undefined && <p className="failure" role="alert">{token ? t('policy.see') : explain(error, words)}</p>}
      {tried && <TrialTable trial={trial.trial} />}
      <Group mt="md">
        <Button type="submit" variant={tried ? 'default' : 'filled'} loading={busy} disabled={same}>{t('policy.try')}</Button>
        <Button disabled={!tried || same} onClick={() => setApplying(true)}>{t('policy.apply')}</Button>
        <Button variant="default" onClick={close}>{t('common.cancel')}</Button>
        <span className="quiet">{same ? t('policy.same') : !tried && t('policy.first')}</span>
      </Group>
      {applying && <Ask title={t('policy.apply.title')} submit={t('policy.apply')} close={() => setApplying(false)} send={async (reason) => done((await policies.set(overlay, now.version, reason)).policy)}>
        <p>{t('policy.apply.effect')}</p>
      </Ask>}
    </form>
  )
}

function TrialTable({ trial: r }: { trial: Trial }) {
  const { t, number } = useWords()
  return (
    <div role="status">
      <h3>{t('policy.trial', { n: number(r.findings) })}</h3>
      {r.partial && <p className="quiet">{t('policy.trial.partial')}</p>}
      <table className="groups plain">
        <thead><tr><td /><th scope="col">{t('policy.trial.now')}</th><th scope="col">{t('policy.trial.then')}</th></tr></thead>
        <tbody>{(['proposed', 'automatic', 'protected'] as const).map((k) => <tr key={k}><th scope="row">{t(`policy.trial.${k}`)}</th><td>{number(r.now[k])}</td><td>{number(r.then[k])}</td></tr>)}</tbody>
      </table>
      {(['added', 'gone'] as const).map((k) => <p key={k}>{t(`policy.trial.${k}`, { n: number(r[k].length) })}: {r[k].length === 0 ? t('policy.trial.nothing')
        : <span className="mono">{r[k].map((v) => v.value + (v.automatic ? ` (${t('policy.trial.byitself')})` : '')).join(', ')}</span>}</p>)}
      {r.hidden > 0 && <p className="failure">▲ {t('policy.trial.hidden', { n: number(r.hidden) })}</p>}
    </div>
  )
}
