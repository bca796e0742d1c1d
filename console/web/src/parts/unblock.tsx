// What people ask to be unblocked, by when it is to be answered, and the answer.
import { Button, Checkbox, Group, Radio, Stack, TextInput } from '@mantine/core'
import { useState } from 'react'
import { blocking, lasting, type Unblock } from '../blocking'
import { useAnswer } from '../every'
import { useWords } from '../i18n'
import { Ask } from './ask'
import { Retry } from './retry'
import type { ToastBox } from './toast'
import { When } from './when'

export function Requests({ changed, toasts }: { changed: () => void; toasts: ToastBox }) {
  const words = useWords()
  const { t } = words
  const [all, setAll] = useState(false)
  const [answering, setAnswering] = useState<Unblock>()
  const [writing, setWriting] = useState(false)
  const { answer, error, again: load } = useAnswer(`all ${all}`, () => blocking.requests(!all))
  const list = answer?.unblocks ?? []
  const done = (said: string) => { toasts.say(said); load(); changed() }
  return (
    <section className="panel admin">
      <h2>{t('unblock.title')}</h2>
      <Group mb="xs">
        <Button size="compact-sm" variant="default" onClick={() => setWriting(true)}>{t('unblock.write')}</Button>
        <Checkbox size="sm" label={t('unblock.all')} checked={all} onChange={(e) => setAll(e.currentTarget.checked)} />
      </Group>
      <Retry error={error} again={load} />
      {list.length === 0 ? answer && <p className="quiet">{t('unblock.none')}</p> : (
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
                  <td><span className="mono">{u.value}</span>{u.from === 'page' && <><br /><span className="quiet">{t('unblock.from.page')}</span></>}</td>
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
  const { t } = useWords()
  const [grant, setGrant] = useState('')
  const send = async (reason: string) => {
    const r = await blocking.answer(request.id, grant === 'yes', reason)
    done(t(r.unblock.state === 'granted' ? 'unblock.granted' : 'unblock.refused', { value: request.value }))
  }
  return (
    <Ask title={t('unblock.answer.title', { value: request.value })} submit={t('unblock.submit')} close={close} send={send} ready={grant !== ''} label={t('unblock.reason')}>
      <p>{request.text}</p>
      <Radio.Group label={t('unblock.decision')} value={grant} onChange={setGrant}>
        <Stack gap="xs" mt="xs">
          <Radio value="yes" label={t('unblock.yes', { value: request.value })} />
          <Radio value="no" label={t('unblock.no')} />
        </Stack>
      </Radio.Group>
    </Ask>
  )
}

// WriteDialog takes down what somebody asked for by telephone or letter.
function WriteDialog({ close, done }: { close: () => void; done: (said: string) => void }) {
  const { t } = useWords()
  const [value, setValue] = useState('')
  const [contact, setContact] = useState('')
  const send = async (text: string) => {
    await blocking.request(value.trim(), contact.trim(), text)
    done(t('unblock.written'))
  }
  return (
    <Ask title={t('unblock.write')} submit={t('common.save')} close={close} send={send} ready={value.trim() !== ''} label={t('unblock.text')} max={600}>
      <TextInput label={t('blocking.col.value')} value={value} onChange={(e) => setValue(e.currentTarget.value)} maxLength={1024} required data-autofocus />
      <TextInput mt="sm" label={t('unblock.contact')} value={contact} onChange={(e) => setContact(e.currentTarget.value)} maxLength={200} description={t('unblock.contact.use')} />
    </Ask>
  )
}
