// What people ask to be unblocked, by when it is to be answered, and the answer.
import { Button, Checkbox, Group, Modal, Radio, Stack, Textarea, TextInput } from '@mantine/core'
import { useCallback, useEffect, useState, type FormEvent } from 'react'
import { blocking, lasting, reasonMax, type Unblock } from '../blocking'
import { explain } from '../errors'
import { useWords } from '../i18n'
import type { ToastBox } from './toast'
import { When } from './when'

export function Requests({ changed, toasts }: { changed: () => void; toasts: ToastBox }) {
  const words = useWords()
  const { t } = words
  const [list, setList] = useState<Unblock[]>([])
  const [all, setAll] = useState(false)
  const [answering, setAnswering] = useState<Unblock>()
  const [writing, setWriting] = useState(false)
  const [error, setError] = useState<unknown>()
  const load = useCallback(() => { blocking.requests(!all).then((r) => { setList(r.unblocks ?? []); setError(undefined) }, setError) }, [all])
  useEffect(load, [load])
  const done = (said: string) => { toasts.say(said); load(); changed() }
  return (
    <section className="panel admin">
      <h2>{t('unblock.title')}</h2>
      <Group mb="xs">
        <Button size="compact-sm" variant="default" onClick={() => setWriting(true)}>{t('unblock.write')}</Button>
        <Checkbox size="sm" label={t('unblock.all')} checked={all} onChange={(e) => setAll(e.currentTarget.checked)} />
      </Group>
      {error !== undefined && <p className="failure" role="alert">{explain(error, words)} <Button size="compact-sm" onClick={load}>{t('common.retry')}</Button></p>}
      {list.length === 0 ? error === undefined && <p className="quiet">{t('unblock.none')}</p> : (
        <table className="groups plain requests">
          <thead><tr>
            <th scope="col">{t('blocking.col.value')}</th><th scope="col">{t('unblock.text')}</th><th scope="col">{t('unblock.contact')}</th>
            <th scope="col">{t('unblock.due')}</th><th scope="col">{t('finding.action')}</th>
          </tr></thead>
          <tbody>
            {list.map((u) => {
              const left = new Date(u.due).getTime() - Date.now()
              return (
                <tr key={u.id}>
                  <td className="mono">{u.value}</td>
                  <td>{u.text}</td>
                  <td>{u.contact || t('common.unknown')}</td>
                  <td><When at={u.due} />{u.state === 'open' && <> <strong className={left < 0 ? 'failure' : undefined}>{t(left < 0 ? 'unblock.late' : 'unblock.left', { time: lasting(Math.abs(left), words) })}</strong></>}</td>
                  <td>{u.state === 'open' ? <Button size="compact-sm" variant="default" onClick={() => setAnswering(u)}>{t('unblock.answer')}</Button>
                    : <>{words.word('unblock.state', u.state)}: {u.answer} <small>{u.by}{u.answered && <>, <When at={u.answered} /></>}</small></>}</td>
                </tr>
              )
            })}
          </tbody>
        </table>
      )}
      {answering && <AnswerDialog request={answering} close={() => setAnswering(undefined)} done={done} />}
      {writing && <WriteDialog close={() => setWriting(false)} done={done} />}
    </section>
  )
}

function AnswerDialog({ request, close, done }: { request: Unblock; close: () => void; done: (said: string) => void }) {
  const words = useWords()
  const { t } = words
  const [grant, setGrant] = useState('')
  const [reason, setReason] = useState('')
  const [error, setError] = useState('')
  const send = (e: FormEvent) => {
    e.preventDefault()
    blocking.answer(request.id, grant === 'yes', reason.trim()).then((r) => { close(); done(t(r.unblock.state === 'granted' ? 'unblock.granted' : 'unblock.refused', { value: request.value })) },
      (x: unknown) => setError(explain(x, words)))
  }
  return (
    <Modal opened onClose={close} title={t('unblock.answer.title', { value: request.value })} transitionProps={{ duration: 0 }} closeButtonProps={{ 'aria-label': t('common.cancel') }}>
      <form onSubmit={send}>
        <p>{request.text}</p>
        <Radio.Group label={t('unblock.decision')} value={grant} onChange={setGrant}>
          <Stack gap="xs" mt="xs">
            <Radio value="yes" label={t('unblock.yes', { value: request.value })} />
            <Radio value="no" label={t('unblock.no')} />
          </Stack>
        </Radio.Group>
        <Textarea mt="sm" label={t('unblock.reason')} value={reason} onChange={(e) => setReason(e.currentTarget.value)} maxLength={reasonMax} autosize minRows={2} required />
        {error && <p className="failure" role="alert">{error}</p>}
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={close}>{t('common.cancel')}</Button>
          <Button type="submit" disabled={grant === '' || reason.trim() === ''}>{t('unblock.submit')}</Button>
        </Group>
      </form>
    </Modal>
  )
}

// WriteDialog takes down what somebody asked for by telephone or letter.
function WriteDialog({ close, done }: { close: () => void; done: (said: string) => void }) {
  const words = useWords()
  const { t } = words
  const [value, setValue] = useState('')
  const [contact, setContact] = useState('')
  const [text, setText] = useState('')
  const [error, setError] = useState('')
  const send = (e: FormEvent) => {
    e.preventDefault()
    blocking.request(value.trim(), contact.trim(), text.trim()).then(() => { close(); done(t('unblock.written')) }, (x: unknown) => setError(explain(x, words)))
  }
  return (
    <Modal opened onClose={close} title={t('unblock.write')} transitionProps={{ duration: 0 }} closeButtonProps={{ 'aria-label': t('common.cancel') }}>
      <form onSubmit={send}>
        <TextInput label={t('blocking.col.value')} value={value} onChange={(e) => setValue(e.currentTarget.value)} maxLength={1024} required data-autofocus />
        <TextInput mt="sm" label={t('unblock.contact')} value={contact} onChange={(e) => setContact(e.currentTarget.value)} maxLength={60} description={t('unblock.contact.use')} />
        <Textarea mt="sm" label={t('unblock.text')} value={text} onChange={(e) => setText(e.currentTarget.value)} maxLength={600} autosize minRows={2} required />
        {error && <p className="failure" role="alert">{error}</p>}
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={close}>{t('common.cancel')}</Button>
          <Button type="submit" disabled={value.trim() === '' || text.trim() === ''}>{t('common.save')}</Button>
        </Group>
      </form>
    </Modal>
  )
}
