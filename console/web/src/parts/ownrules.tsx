// Rules of one's own: written with a check as one types, tried on packets, put in force with a reason, and taken back.
import { Button, Group, Skeleton, Textarea } from '@mantine/core'
import { useCallback, useEffect, useRef, useState } from 'react'
import { Problem, type Me } from '../api'
import { explain } from '../errors'
import { useWords } from '../i18n'
import { rules, type Checked, type Fault, type Outcome, type Own } from '../rules'
import { said } from '../rulewords'
import { Ask } from './ask'
import { Retry } from './retry'
import { FaultList, RuleText } from './ruletext'
import { RuleTrial } from './ruletrial'
import type { ToastBox } from './toast'
import { When } from './when'

const pause = 400 // ms after the last key before the text is checked

export function OwnRules({ me, toasts, here, packets, finding, copy, changed }: {
  me: Me; toasts: ToastBox; here: boolean; packets: boolean; finding: string; copy: string; changed: () => void
}) {
  const words = useWords()
  const { t, number } = words
  const [own, setOwn] = useState<Own>()
  const [text, setText] = useState('')
  const [checked, setChecked] = useState<Checked>()
  const [error, setError] = useState<unknown>()
  const [saving, setSaving] = useState(false)
  const [refused, setRefused] = useState<Outcome>()
  const area = useRef<HTMLTextAreaElement>(null)
  const load = useCallback(async () => {
    if (!here) { setOwn({ text: '', base: '', outside: false, versions: [] }); return }
    try {
      const o = await rules.own()
      const from = copy ? await rules.get(copy) : undefined
      setOwn(o)
      setText(from ? `${o.text.trimEnd()}\n\n${copied(from.text)}\n`.trimStart() : o.text)
      setError(undefined)
    } catch (e) { setError(e) }
  }, [here, copy])
  useEffect(() => { void load() }, [load])
  const may = me.role !== 'viewer'
  const lead = me.role === 'lead' || me.role === 'admin'
  useEffect(() => {
    if (!may) return
    if (text.trim() === '') { setChecked({ rules: [], faults: [] }); return }
    setChecked(undefined)
    const leave = new AbortController()
    const timer = setTimeout(() => {
      rules.check(text, leave.signal).then((c) => { setChecked(c); setError(undefined) }, (e: unknown) => { if (!leave.signal.aborted) setError(e) })
    }, pause)
    return () => { clearTimeout(timer); leave.abort() }
  }, [text, may])
  // Columns count bytes of the rule's text.
  const show = (f: Fault) => {
    const el = area.current
    if (!el) return
    const start = text.split('\n').slice(0, f.line - 1).reduce((n, l) => n + l.length + 1, 0)
    const at = start + new TextDecoder().decode(new TextEncoder().encode(text.slice(start)).slice(0, Math.max(0, f.column - 1))).length
    const word = /^[\w.$!-]+/.exec(text.slice(at))?.[0].length ?? 1
    el.focus()
    el.setSelectionRange(at, at + word)
  }
  const save = async (reason: string) => {
    const out = await rules.save(text, own?.base ?? '', reason)
    changed()
    if (!out.ok) { setRefused(out); return }
    setRefused(undefined)
    await load()
    toasts.say(t('rules.saved', { n: number(out.loaded), seconds: number(out.milliseconds / 1000, 1) }) + (out.version ? '. ' + t('rules.given', { n: out.version }) : ''))
  }
  const back = (n: number) => { rules.version(n).then((v) => { setText(v.text); area.current?.focus(); toasts.say(t('rules.back.said', { n })) }, (e: unknown) => toasts.fail(explain(e, words))) }
  const dirty = own !== undefined && text !== own.text
  useEffect(() => {
    if (!dirty) return
    const stay = (e: BeforeUnloadEvent) => e.preventDefault()
    window.addEventListener('beforeunload', stay)
    return () => window.removeEventListener('beforeunload', stay)
  }, [dirty])
  if (!own) return error !== undefined ? <Retry error={error} again={() => void load()} /> : <Skeleton height={320} role="img" aria-label={t('common.loading')} />
  if (!may) return <section className="panel admin"><h2>{t('rules.own')}</h2>{own.text ? <RuleText text={own.text} /> : <p className="quiet">{t('rules.own.none')}</p>}</section>
  const good = checked !== undefined && checked.faults.length === 0
  return <div className="two ownrules">
    <div>
      <section className="panel admin">
        <h2>{t('rules.own')}</h2>
        <p className="quiet">{t(here ? 'rules.own.lead' : 'rules.own.away')}</p>
        {own.outside && <p className="s2">{t('rules.own.outside')}</p>}
        <Textarea ref={area} aria-label={t('rules.own')} value={text} onChange={(e) => setText(e.currentTarget.value)} autosize minRows={8} maxRows={28} spellCheck={false} classNames={{ input: 'mono' }}
          placeholder={'alert http $HOME_NET any -> any any (msg:"…"; http.uri; content:"/dang-nhap"; sid:1900001; rev:1;)'} />
        <div className="checked" role="status">
          {checked === undefined ? error === undefined && <p className="quiet">{t('rules.checking')}</p> : checked.faults.length > 0 ? <p className="failure">{t('rules.check.bad', { n: number(checked.faults.length) })}</p>
            : checked.rules.length === 0 ? <p className="quiet">{t('rules.check.empty')}</p> : <p><span aria-hidden="true">✓ </span>{t('rules.check.good', { n: number(checked.rules.length) })}</p>}
        </div>
        {checked && checked.faults.length > 0 && <FaultList list={checked.faults} show={show} />}
        {checked && <ul className="slow">{checked.rules.filter((r) => r.slow.length > 0).map((r) => <li key={r.sid} className="s2"><span className="mono">{r.gid}:{r.sid}</span> {t('rules.slow')}: {r.slow.map((s) => said(s, words)).join('; ')}</li>)}</ul>}
        {error !== undefined && <p className="failure" role="alert">{explain(error, words)}</p>}
        {refused && <section className="lacking" role="alert"><p className="failure">{t('rules.refused')} {t('rules.refused.what')}</p><FaultList list={refused.faults} show={(f) => f.file.endsWith('own.rules') && show(f)} />{refused.other && <pre className="rule" tabIndex={0}>{refused.other}</pre>}</section>}
        {here && lead && <Group gap="xs" mt="sm"><Button disabled={!dirty || !good} onClick={() => setSaving(true)}>{t('rules.save')}</Button>{dirty && <Button variant="default" onClick={() => setText(own.text)}>{t('rules.discard')}</Button>}</Group>}
        {here && !lead && <p className="quiet">{t('rules.lead.only')}</p>}
      </section>
      <RuleTrial text={text} ready={good && (checked?.rules.length ?? 0) > 0} here={packets} finding={finding} />
    </div>
    {here && <aside>
      <section className="panel admin">
        <h2>{t('rules.versions')}</h2>
        {own.versions.length === 0 ? <p className="quiet">{t('rules.versions.none')}</p> : (
          <ul className="history">
            {own.versions.slice(0, 50).map((v, i) => (
              <li key={v.number}>
                <strong>{t('rules.version', { n: v.number })}</strong>{i === 0 && !own.outside && <> · {t('rules.version.now')}</>} · {t('rules.version.rules', { n: number(v.rules) })}<br />
                <When at={v.at} /> · {v.by}: {v.reason}
                {(i > 0 || own.outside) && lead && <><br /><Button size="compact-sm" variant="default" onClick={() => back(v.number)}>{t('rules.back')}</Button></>}
              </li>
            ))}
          </ul>
        )}
      </section>
    </aside>}
    {saving && (
      <Ask title={t('rules.save')} submit={t('rules.save')} close={() => setSaving(false)} send={save} focus failed={(e) => (e instanceof Problem && e.code === 'conflict' ? t('rules.changed') : undefined)}>
        <p>{t('rules.save.what', { n: number(checked?.rules.length ?? 0) })}</p>
      </Ask>
    )}
  </div>
}

// copied is a rule of others as a start for one's own: with an id of those that are kept for that.
function copied(text: string): string {
  const sid = 1_900_000 + (Math.floor(Date.now() / 1000) % 100_000)
  return text.replace(/\bsid\s*:\s*\d+/, 'sid:' + sid).replace(/\brev\s*:\s*\d+/, 'rev:1').replace(/\bgid\s*:\s*\d+\s*;\s*/, '')
}
