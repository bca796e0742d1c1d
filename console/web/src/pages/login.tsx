import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useEffect, useState, type FormEvent } from 'react'
import { api, Problem, type Me } from '../api'
import { Language, Theme } from '../app'
import { explain } from '../errors'
import { useWords, type Key } from '../i18n'

// refusals are what the server says when a login at the provider has failed.
const refusals = ['state', 'denied', 'token', 'claims', 'name', 'provider']

export function Login({ failed, done }: { failed: string; done: (me: Me) => void }) {
  const words = useWords()
  const { t } = words
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const [asked, setAsked] = useState(false) // for a one-time code
  const [error, setError] = useState(() => {
    const code = new URLSearchParams(location.search).get('oidc') ?? ''
    return refusals.includes(code) ? t(`oidc.${code}` as Key) : failed
  })
  const [provider, setProvider] = useState('') // where people log in too
  useEffect(() => { api.ways().then((r) => setProvider(r.oidc), () => undefined) }, [])
  const [busy, setBusy] = useState(false)
  const submit = (e: FormEvent) => {
    e.preventDefault()
    setBusy(true)
    api.login(name, password, code).then(done, (e: unknown) => {
      setBusy(false)
      setCode('')
      if (e instanceof Problem && e.code === 'totp') {
        setError(asked ? t('error.totp') : '')
        setAsked(true)
        return
      }
      setAsked(false)
      setPassword('')
      setError(explain(e, words))
    })
  }
  return (
    <main className="login">
      <form onSubmit={submit}>
        <h1>{t('login.title')}</h1>
        <TextInput label={t('login.name')} value={name} onChange={(e) => setName(e.currentTarget.value)} autoComplete="username" autoFocus required withAsterisk={false} />
        <PasswordInput mt="sm" label={t('login.password')} value={password} onChange={(e) => setPassword(e.currentTarget.value)} autoComplete="current-password" required
          withAsterisk={false} visibilityToggleButtonProps={{ 'aria-hidden': true }} />
        {asked && <TextInput mt="sm" label={t('totp.code')} value={code} onChange={(e) => setCode(e.currentTarget.value)} inputMode="numeric" autoComplete="one-time-code" maxLength={7} autoFocus required withAsterisk={false} />}
        {error && <p className="failure" role="alert">{error}</p>}
        <Button type="submit" mt="md" fullWidth loading={busy}>{t('login.submit')}</Button>
        {provider && <Button component="a" href="/api/v1/oidc/start" variant="default" mt="sm" fullWidth>{t('oidc.begin', { provider })}</Button>}
        <p className="quiet">{t('login.first')}</p>
        <div className="row"><Language /><Theme /></div>
      </form>
    </main>
  )
}
