// The security keys and passkeys of the own account: added and taken away with the password.
import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { api } from '../api'
import { useAnswer } from '../every'
import { useWords } from '../i18n'
import { addKey, blocked, keys, removeKey, type Key } from '../passkey'
import { Confirm } from './ask'
import { KeysOff } from './keysoff'
import { Retry } from './retry'
import { Table } from './table'
import { When } from './when'

export function SecurityKeys({ failed, said }: { failed: (e: unknown) => void; said: (s: string) => void }) {
  const { t } = useWords()
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const [busy, setBusy] = useState(false)
  const [removing, setRemoving] = useState<Key>()
  const { answer, error, again } = useAnswer('keys', () => Promise.all([keys(), api.ways()]))
  const [list, ways] = answer ? [answer[0].keys, answer[1]] : []
  const why = ways && blocked(ways)
  const add = (e: FormEvent) => {
    e.preventDefault()
    setBusy(true)
    addKey(name.trim(), password).then(() => { setName(''); said(t('key.done')); again() }, failed).finally(() => { setPassword(''); setBusy(false) })
  }
  const foot = why === '' ? (
    <form className="query" onSubmit={add}>
      <TextInput aria-label={t('key.name')} placeholder={t('key.name')} value={name} onChange={(e) => setName(e.currentTarget.value)} maxLength={60} autoComplete="off" w={260} />
      <PasswordInput aria-label={t('password.old')} placeholder={t('password.old')} value={password} onChange={(e) => setPassword(e.currentTarget.value)} autoComplete="current-password" w={240} />
      <Button type="submit" loading={busy} disabled={name.trim() === '' || password === ''}>{t('key.add')}</Button>
      {busy && <span role="status">{t('key.touch')}</span>}
    </form>
  ) : why && <KeysOff why={why} at={ways.keys} />
  return (
    <Table title="key.title" head={['key.name', 'key.use', 'key.added', 'admin.seen', 'finding.action']} lead={<><p className="quiet">{t('key.lead')}</p><Retry error={error} again={again} /></>} foot={foot}>
      {list?.length === 0 && <tr><td colSpan={5} className="quiet">{t('key.none')}</td></tr>}
      {list?.map((k) => (
        <tr key={k.id}>
          <td><strong>{k.name}</strong></td>
          <td>{t(k.alone ? 'key.alone' : 'key.second')}{k.party !== location.hostname && <> <span className="quiet">{t('key.party', { party: k.party })}</span></>}</td>
          <td><When at={k.added} /></td>
          <td>{k.used ? <When at={k.used} /> : <span className="quiet">{t('key.never')}</span>}</td>
          <td><Button size="compact-sm" variant="default" onClick={() => setRemoving(k)} aria-label={t('key.remove', { name: k.name })}>{t('admin.remove')}</Button></td>
        </tr>
      ))}
      {removing && <Remove item={removing} last={list?.length === 1} close={() => setRemoving(undefined)}
        done={() => { said(t('key.removed', { name: removing.name })); setRemoving(undefined); again() }} />}
    </Table>
  )
}

function Remove({ item, last, close, done }: { item: Key; last: boolean; close: () => void; done: () => void }) {
  const { t } = useWords()
  const [password, setPassword] = useState('')
  const send = () => removeKey(item.id, password).catch((e: unknown) => { setPassword(''); throw e })
  return (
    <Confirm title={t('key.remove', { name: item.name })} submit={t('admin.remove')} danger send={send} ready={password !== ''} close={done} leave={close}>
      <p>{t(last ? 'key.remove.last' : 'key.remove.lead')}</p>
      <PasswordInput label={t('password.old')} value={password} onChange={(e) => setPassword(e.currentTarget.value)} autoComplete="current-password" data-autofocus />
    </Confirm>
  )
}
