// Who may log in, which sessions and tokens are open, who did what.
import { Button, Group, PasswordInput, Select, TextInput } from '@mantine/core'
import { useCallback, useEffect, useState, type FormEvent } from 'react'
import { api, type AuditEntry, type Me, type Person, type Unit } from '../api'
import { explain } from '../errors'
import { useAnswer, type Answer } from '../every'
import { useWords, type Key } from '../i18n'
import { Dialog } from '../parts/dialog'
import { Retry } from '../parts/retry'
import { SecurityKeys } from '../parts/securitykeys'
import { Table } from '../parts/table'
import type { ToastBox } from '../parts/toast'
import { Reveals } from '../parts/reveals'
import { mayReveal } from '../reveal'
import { UnitPicker, Units } from '../parts/units'
import { When } from '../parts/when'

const roles = ['viewer', 'analyst', 'lead', 'admin'] as const

export function Admin({ me, toasts }: { me: Me; toasts: ToastBox }) {
  const words = useWords()
  const { t } = words
  const failed = useCallback((e: unknown) => toasts.fail(explain(e, words)), [toasts, words])
  const [secret, setSecret] = useState<{ title: Key; text: string }>()
  const show = useCallback((title: Key, text: string) => setSecret({ title, text }), [])
  const [units, setUnits] = useState<Unit[]>([])
  const people = useAnswer('accounts', api.accounts)
  return (
    <div className="page">
      <h1>{t('admin.title')}</h1>
      {me.role === 'admin' && <Accounts me={me} people={people} units={units} failed={failed} show={show} />}
      {me.role === 'admin' && <Units failed={failed} said={toasts.say} changed={setUnits} />}
      {mayReveal(me) && <Reveals failed={failed} />}
      <Second me={me} people={people} failed={failed} said={toasts.say} />
      <SecurityKeys failed={failed} said={toasts.say} />
      <Sessions failed={failed} />
      <Tokens me={me} failed={failed} show={show} />
      {me.role === 'admin' && <Log failed={failed} />}
      {secret && <Dialog onClose={() => setSecret(undefined)} title={t(secret.title)}>
        <p>{t('admin.once')}</p>
        <pre className="rule" tabIndex={0}>{secret.text}</pre>
        <Group justify="flex-end"><Button onClick={() => setSecret(undefined)}>{t('admin.noted')}</Button></Group>
      </Dialog>}
    </div>
  )
}

type Failed = (e: unknown) => void
type Show = (title: Key, text: string) => void
type People = Answer<{ accounts: Person[] }>

function Accounts({ me, people, units, failed, show }: { me: Me; people: People; units: Unit[]; failed: Failed; show: Show }) {
  const { t } = useWords()
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const [role, setRole] = useState<string>('analyst')
  const [limits, setLimits] = useState<string[]>([])
  const [removing, setRemoving] = useState('')
  const load = people.again
  const add = (e: FormEvent) => {
    e.preventDefault()
    api.createAccount(name, password, role, role === 'admin' ? [] : limits).then(() => { setName(''); setPassword(''); setLimits([]); load() }, failed)
  }
  return (
    <Table title="admin.accounts" head={['login.name', 'admin.role', 'units.limit', 'admin.second', 'finding.action']} lead={<Retry error={people.error} again={load} />} foot={
      <form className="query" onSubmit={add}>
        <TextInput aria-label={t('login.name')} placeholder={t('login.name')} value={name} onChange={(e) => setName(e.currentTarget.value)} autoComplete="off" />
        <PasswordInput aria-label={t('password.new')} placeholder={t('password.new')} value={password} onChange={(e) => setPassword(e.currentTarget.value)} autoComplete="new-password" w={300} />
        <Select aria-label={t('admin.role')} value={role} onChange={(v) => v && setRole(v)} allowDeselect={false} data={roles.map((r) => ({ value: r, label: t(`role.${r}`) }))} />
        {role !== 'admin' && units.length > 0 && <UnitPicker label={t('units.limit')} units={units} value={limits} onChange={setLimits} />}
        <Button type="submit" disabled={name === '' || password.length < 12}>{t('admin.add')}</Button>
      </form>}>
      {people.answer?.accounts.map((x) => (
        <tr key={x.name}>
          <td><strong>{x.name}</strong></td>
          <td><Select aria-label={`${t('admin.role')}: ${x.name}`} size="xs" value={x.role} allowDeselect={false} data={roles.map((r) => ({ value: r, label: t(`role.${r}`) }))}
            onChange={(v) => { if (v) api.setAccount(x.name, v, v === 'admin' ? [] : x.units ?? []).then(load, failed) }} /></td>
          <td>{x.role === 'admin' ? t('units.all') : <UnitPicker label={`${t('units.limit')}: ${x.name}`} units={units} value={x.units ?? []}
            onChange={(ids) => api.setAccount(x.name, x.role, ids).then(load, failed)} />}</td>
          <td>{x.subject ? <span title={x.subject}>{t('oidc.there')}</span>
            : [x.totp && t('admin.codes'), x.keys && t('admin.keys', { n: x.keys })].filter(Boolean).join(', ') || t('admin.off')}</td>
          <td>
            <Group gap="xs">
              {!x.subject && <Button size="compact-sm" variant="default" onClick={() => api.resetAccount(x.name).then((r) => show('admin.reset', `${x.name}  ${r.password}`), failed)}>{t('admin.reset')}</Button>}
              {x.name !== me.name && (removing === x.name
                ? <Button size="compact-sm" color="red" onClick={() => api.removeAccount(x.name).then(() => { setRemoving(''); load() }, failed)}>{t('admin.remove.sure', { name: x.name })}</Button>
                : <Button size="compact-sm" variant="default" onClick={() => setRemoving(x.name)}>{t('admin.remove')}</Button>)}
            </Group>
          </td>
        </tr>
      ))}
    </Table>
  )
}

// Second sets one-time codes up for the own account, or takes them away.
function Second({ me, people, failed, said }: { me: Me; people: People; failed: Failed; said: (s: string) => void }) {
  const { t } = useWords()
  const [secret, setSecret] = useState<{ secret: string; uri: string }>()
  const [code, setCode] = useState('')
  const [password, setPassword] = useState('')
  const on = people.answer?.accounts.some((x) => x.name === me.name && x.totp)
  const load = people.again
  const begin = (e: FormEvent) => {
    e.preventDefault()
    const sent = on ? api.endTOTP(password).then(() => { said(t('totp.ended')); load() }) : api.setUpTOTP(password).then(setSecret)
    sent.catch(failed).finally(() => setPassword(''))
  }
  const confirm = (e: FormEvent) => {
    e.preventDefault()
    api.confirmTOTP(code).then(() => { setSecret(undefined); setCode(''); said(t('totp.done')); load() }, failed)
  }
  return (
    <section className="panel admin">
      <h2>{t('totp.title')}</h2>
      {!people.answer ? <Retry error={people.error} again={load} /> : !secret ? <>
        <p className="quiet">{on ? `✓ ${t('totp.on')}` : t('totp.lead')}</p>
        <form className="query" onSubmit={begin}>
          <PasswordInput aria-label={t('password.old')} placeholder={t('password.old')} value={password} onChange={(e) => setPassword(e.currentTarget.value)} autoComplete="current-password" w={240} />
          <Button type="submit" variant="default" disabled={password === ''}>{t(on ? 'totp.end' : 'totp.begin')}</Button>
        </form>
      </> : (
        <form onSubmit={confirm}>
          <p>{t('totp.enter')}</p>
          <pre className="rule" tabIndex={0}>{secret.secret.replace(/(.{4})/g, '$1 ').trim()}</pre>
          <p><a href={secret.uri}>{t('totp.open')}</a></p>
          <Group align="flex-end">
            <TextInput label={t('totp.code')} value={code} onChange={(e) => setCode(e.currentTarget.value)} inputMode="numeric" autoComplete="one-time-code" maxLength={7} />
            <Button type="submit" disabled={code.replaceAll(' ', '').length !== 6}>{t('totp.confirm')}</Button>
          </Group>
        </form>
      )}
    </section>
  )
}

function Sessions({ failed }: { failed: Failed }) {
  const { t } = useWords()
  const { answer, error, again: load } = useAnswer('sessions', api.sessions)
  return (
    <Table title="admin.sessions" head={['login.name', 'admin.start', 'admin.seen', 'finding.action']} lead={<Retry error={error} again={load} />}>
      {answer?.sessions.map((s) => (
        <tr key={s.id}>
          <td>{s.user}</td><td><When at={s.start} /></td><td><When at={s.seen} /></td>
          <td>{s.own ? <span className="quiet">{t('admin.own')}</span> : <Button size="compact-sm" variant="default" onClick={() => api.endSession(s.id).then(load, failed)}>{t('admin.end')}</Button>}</td>
        </tr>
      ))}
    </Table>
  )
}

function Tokens({ me, failed, show }: { me: Me; failed: Failed; show: Show }) {
  const { t } = useWords()
  const [name, setName] = useState('')
  const [role, setRole] = useState<string>('viewer')
  const { answer, error, again: load } = useAnswer('tokens', api.tokens)
  const add = (e: FormEvent) => {
    e.preventDefault()
    api.newToken(name, role, 90).then((r) => { setName(''); load(); show('admin.token', r.text) }, failed)
  }
  const may = roles.slice(0, roles.indexOf(me.role) + 1)
  return (
    <Table title="admin.tokens" head={['admin.for', 'tunes.col.who', 'admin.role', 'tunes.col.until', 'finding.action']} lead={<Retry error={error} again={load} />} foot={
      <form className="query" onSubmit={add}>
        <TextInput aria-label={t('admin.for')} placeholder={t('admin.for')} value={name} onChange={(e) => setName(e.currentTarget.value)} maxLength={80} />
        <Select aria-label={t('admin.role')} value={role} onChange={(v) => v && setRole(v)} allowDeselect={false} data={may.map((r) => ({ value: r, label: t(`role.${r}`) }))} />
        <Button type="submit" disabled={name.trim() === ''}>{t('admin.token.new')}</Button>
      </form>}>
      {answer?.tokens.map((x) => (
        <tr key={x.id}>
          <td>{x.name}</td><td>{x.owner}</td><td>{t(`role.${x.role}`)}</td><td><When at={x.expires} /></td>
          <td><Button size="compact-sm" variant="default" onClick={() => api.dropToken(x.id).then(load, failed)}>{t('admin.end')}</Button></td>
        </tr>
      ))}
    </Table>
  )
}

function Log({ failed }: { failed: Failed }) {
  const { t, number } = useWords()
  const [list, setList] = useState<AuditEntry[]>([])
  const [before, setBefore] = useState(0)
  const [head, setHead] = useState({ n: 0, hash: '' })
  const load = useCallback((from: number) => {
    api.audit(from).then((r) => { setList((old) => (from ? [...old, ...r.entries] : r.entries)); setBefore(r.before); setHead(r.head) }, failed)
  }, [failed])
  useEffect(() => load(0), [load])
  return (
    <Table title="admin.audit" head={['admin.time', 'login.name', 'admin.address', 'admin.did', 'admin.object']} foot={<>
      <p className="quiet">{t('admin.head', { n: number(head.n) })} <span className="mono">{head.hash.slice(0, 16)}…</span></p>
      {before > 0 && <Button variant="default" onClick={() => load(before)}>{t('inbox.more')}</Button>}
    </>}>
      {list.map((e) => (
        <tr key={e.n}><td><When at={e.time} /></td><td>{e.user || '–'}</td><td className="mono">{e.address}</td><td className="mono">{e.action}</td><td className="mono">{[e.object, e.detail].filter(Boolean).join(' · ')}</td></tr>
      ))}
    </Table>
  )
}
