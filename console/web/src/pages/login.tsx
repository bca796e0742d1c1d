import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useEffect, useState, type FormEvent } from 'react'
import { api, Problem, type Me } from '../api'
import { Language, Theme } from '../app'
import { explain } from '../errors'
import { useWords, type Key } from '../i18n'
import { KeysOff } from '../parts/keysoff'
import { blocked, loginKey, loginPasskey, type KeyNeeded, type Ways } from '../passkey'

// refusals are what the server says when a login at the provider has failed.
const refusals = ['state', 'denied', 'token', 'claims', 'name', 'provider']

export function Login({ failed, done }: { failed: string; done: (me: Me) => void }) {
  const words = useWords()
  const { t } = words
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const [asked, setAsked] = useState(false) // for a one-time code
  const [key, setKey] = useState<KeyNeeded>() // a security key is to follow
  const [error, setError] = useState(() => {
    const code = new URLSearchParams(location.search).get('oidc') ?? ''
    return refusals.includes(code) ? t(`oidc.${code}` as Key) : failed
  })
  const [ways, setWays] = useState<Ways>()
  useEffect(() => { api.ways().then(setWays, () => undefined) }, [])
  const why = ways && blocked(ways)
  const [busy, setBusy] = useState(false)
  const told = (e: unknown) => { setBusy(false); setError(explain(e, words)) }
  const use = (needed: KeyNeeded) => {
    setKey(needed)
    setAsked(needed.codes)
    if (needed.ticket && needed.options && !why) {
      setError('')
      setBusy(true)
      loginKey({ ticket: needed.ticket, options: needed.options }).then(done, told)
    } else setError(needed.party ? t('key.moved', { party: needed.party }) : t('key.needed'))
  }
  const submit = (e: FormEvent) => {
    e.preventDefault()
    setBusy(true)
    api.login(name, password, code).then(done, (e: unknown) => {
      setBusy(false)
      setCode('')
      if (e instanceof Problem && e.body.key) return use(e.body.key)
      if (e instanceof Problem && e.code === 'totp') {
        setError(asked ? t('error.totp') : '')
        setAsked(true)
        return
      }
      setAsked(false)
      setKey(undefined)
      setPassword('')
      setError(explain(e, words))
    })
  }
  const alone = () => {
    setError('')
    setBusy(true)
    loginPasskey().then(done, told)
  }
  const usable = key?.ticket !== undefined && !why
  return (
    <main className="login">
      <form onSubmit={submit}>
        <h1>{t('login.title')}</h1>
        <TextInput label={t('login.name')} value={name} onChange={(e) => { setName(e.currentTarget.value); setAsked(false); setKey(undefined) }} autoComplete="username" autoFocus required withAsterisk={false} />
        <PasswordInput mt="sm" label={t('login.password')} value={password} onChange={(e) => setPassword(e.currentTarget.value)} autoComplete="current-password" required
          withAsterisk={false} visibilityToggleButtonProps={{ 'aria-hidden': true }} />
        {asked && <TextInput mt="sm" label={t(usable ? 'key.code' : 'totp.code')} value={code} onChange={(e) => setCode(e.currentTarget.value)} inputMode="numeric" autoComplete="one-time-code" maxLength={7} autoFocus={!usable} required={!usable} withAsterisk={false} />}
        {error && <p className="failure" role="alert">{error}</p>}
        {usable && busy && <p role="status">{t('key.touch')}</p>}
        {why && (key || why === 'elsewhere') && <KeysOff why={why} at={ways.keys} />}
        <Button type="submit" mt="md" fullWidth loading={busy}>{t(usable && code === '' ? 'key.again' : 'login.submit')}</Button>
        {why === '' && !key && <Button variant="default" mt="sm" fullWidth disabled={busy} onClick={alone}>{t('key.passkey')}</Button>}
        {ways?.oidc && <Button component="a" href="/api/v1/oidc/start" variant="default" mt="sm" fullWidth>{t('oidc.begin', { provider: ways.oidc })}</Button>}
        <p className="quiet">{t('login.first')}</p>
        <div className="row"><Language /><Theme /></div>
      </form>
    </main>
  )
}
