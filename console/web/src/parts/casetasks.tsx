// What is to be done about a case, by whom and until when.
import { Button, Checkbox, Select, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { work } from '../casework'
import { useWords } from '../i18n'
import type { Case, Task } from '../reporting'
import { Moment, type Typed } from './moment'
import { When } from './when'

// Change shows what a change made of the case, and offers to take it back.
export type Change = (sent: Promise<Case>, said: string, undo?: () => Promise<Case>) => void

const wanted = (x: Task) => ({ text: x.text, assignee: x.assignee ?? '', due: x.due, done: x.done !== undefined })

export function CaseTasks({ doc, names, open, change }: { doc: Case; names: string[]; open: boolean; change: Change }) {
  const { t } = useWords()
  const [text, setText] = useState('')
  const [assignee, setAssignee] = useState('')
  const [due, setDue] = useState<Typed>('')
  const tasks = [...(doc.tasks ?? [])].sort((a, b) => Number(a.done !== undefined) - Number(b.done !== undefined) || (a.due ?? '9').localeCompare(b.due ?? '9') || a.id - b.id)
  const add = (e: FormEvent) => {
    e.preventDefault()
    const sent = work.addTask(doc.id, { text: text.trim(), assignee, due: due || undefined, done: false })
    sent.then(() => { setText(''); setDue(''); setAssignee('') }, () => undefined)
    change(sent, t('task.added'))
  }
  const tick = (x: Task) => {
    const next = { ...wanted(x), done: x.done === undefined }
    change(work.setTask(doc.id, x.id, next), next.done ? t('task.done', { text: x.text }) : t('task.undone', { text: x.text }), () => work.setTask(doc.id, x.id, wanted(x)))
  }
  const drop = (x: Task) => change(work.dropTask(doc.id, x.id), t('task.dropped', { text: x.text }), () => work.addTask(doc.id, wanted(x)))
  return (
    <section id="tasks">
      <h2>{t('task.title')}</h2>
      {tasks.length === 0 ? <p className="quiet">{t('task.none')}</p> : (
        <ul className="tasks">
          {tasks.map((x) => (
            <li key={x.id} className={x.done ? 'done' : ''}>
              <Checkbox size="xs" checked={x.done !== undefined} disabled={!open} aria-label={t('task.tick', { text: x.text })} onChange={() => tick(x)} />
              <span className="value">{x.text}</span>
              <span>{x.assignee || <span className="quiet">{t('common.nobody')}</span>}</span>
              <span>{x.done ? <span className="quiet">{t('task.done.by', { name: x.done_by ?? '' })} <When at={x.done} /></span> : x.due ? <TaskDue at={x.due} /> : <span className="quiet">{t('task.nodue')}</span>}</span>
              {open && <Button className="noprint drop" size="compact-xs" variant="subtle" aria-label={t('task.drop', { text: x.text })} onClick={() => drop(x)}>×</Button>}
            </li>
          ))}
        </ul>
      )}
      {open && <form className="noprint query" onSubmit={add}>
        <TextInput className="grow" size="xs" label={t('task.text')} value={text} onChange={(e) => setText(e.currentTarget.value)} maxLength={300} required />
        <Select size="xs" w={128} label={t('task.assignee')} placeholder={t('common.nobody')} clearable data={names} value={assignee || null}
          clearButtonProps={{ 'aria-label': t('inbox.clear') }} onChange={(v) => setAssignee(v ?? '')} />
        <Moment size="xs" label={t('task.due')} value={due} onChange={setDue} />
        <Button size="xs" variant="default" type="submit" disabled={text.trim() === '' || due === null}>{t('task.add')}</Button>
      </form>}
    </section>
  )
}

// TaskDue is a date with a word when it is over, now or at another time.
export function TaskDue({ at, now }: { at: string; now?: string }) {
  const { t } = useWords()
  const late = new Date(at).getTime() < (now ? new Date(now).getTime() : Date.now())
  return <span className={late ? 'due s4' : ''}>{late && `! ${t('task.late')} `}<When at={at} /></span>
}
