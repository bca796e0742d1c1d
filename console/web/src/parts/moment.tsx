// A point in time as people write it here, dd/MM/yyyy HH:mm in Vietnam's time: typed, pasted, or its day taken from a calendar.
import { ActionIcon, Popover, Skeleton, TextInput, type TextInputProps } from '@mantine/core'
import { lazy, Suspense, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { useWords } from '../i18n'
import { momentText, readMoment } from '../time'

const Calendar = lazy(() => import('./calendar').then((m) => ({ default: m.Calendar })))

// Typed is RFC 3339, '' for nothing, null for what is no time.
export type Typed = string | null

type Props = Omit<TextInputProps, 'value' | 'onChange' | 'type' | 'error'> & { value: Typed; onChange: (v: Typed) => void }

export function Moment({ value, onChange, ...field }: Props) {
  const { t } = useWords()
  const [text, setText] = useState(() => momentText(value ?? ''))
  const [left, setLeft] = useState(false) // with what stands in the field
  const [open, setOpen] = useState(false)
  const told = useRef(value)
  const input = useRef<HTMLInputElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const next = useRef<'time' | 'button'>() // where the keyboard goes when the calendar does
  useEffect(() => {
    if (value !== told.current) { setText(momentText(value ?? '')); setLeft(false) } // somebody else's
    told.current = value
  }, [value])
  const type = (s: string) => {
    setText(s)
    const v = readMoment(s)
    if (v !== told.current) { told.current = v; onChange(v) }
  }
  const leave = () => {
    setLeft(true)
    const v = readMoment(text)
    if (v) setText(momentText(v))
  }
  const close = (to: 'time' | 'button') => { next.current = to; setOpen(false) }
  // The calendar gives a day; the time of day stays, or is the part that is typed next.
  const pick = (day: string) => {
    close('time')
    type(`${day} ${momentText(readMoment(text) ?? '').slice(11) || '00:00'}`)
  }
  // In the moment that the calendar goes. Later, what is typed at once falls beside the field; earlier, the popover takes the
  // keyboard back to what had it at its opening, which is a day of the calendar itself where that was loaded before.
  useLayoutEffect(() => {
    const to = open ? undefined : next.current
    next.current = undefined
    if (to === 'button') button.current?.focus()
    if (to !== 'time') return
    input.current?.focus()
    input.current?.setSelectionRange(11, text.length)
  }, [open, text])
  const calendar = (
    <Popover opened={open} onChange={(o) => (o ? setOpen(true) : close('button'))} position="bottom-end" trapFocus transitionProps={{ duration: 0 }}>
      <Popover.Target>
        <ActionIcon ref={button} variant="subtle" size="sm" aria-label={t('moment.calendar')} title={t('moment.calendar')} onClick={() => setOpen(!open)}>
          <svg viewBox="0 0 16 16" width="14" height="14" fill="currentcolor" aria-hidden="true"><path d="M4 0v2H1v13h14V2h-3V0h-2v2H6V0Zm-1 6h10v7H3Z" fillRule="evenodd" /></svg>
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown data-mantine-stop-propagation="true">
        {open && <Suspense fallback={<Skeleton height={297} width={259} role="img" aria-label={t('common.loading')} />}><Calendar at={readMoment(text) ?? ''} pick={pick} /></Suspense>}
      </Popover.Dropdown>
    </Popover>
  )
  return <TextInput miw={200} {...field} ref={input} value={text} placeholder={t('moment.form')} maxLength={40} autoComplete="off" spellCheck={false} rightSection={calendar} rightSectionPointerEvents="all"
    onChange={(e) => type(e.currentTarget.value)} onBlur={leave} error={left && value === null ? t('moment.wrong') : undefined} />
}
