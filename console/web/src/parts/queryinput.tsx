// The field that a query is typed in. It offers what fits at the caret: fields, and the values that findings of the time have.
import { TextInput } from '@mantine/core'
import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode, type RefObject } from 'react'
import { api } from '../api'
import { offers, wordAt, type Offer } from '../complete'
import { useWords, type Key } from '../i18n'
import { unitName, useUnits } from '../units'
import type { Field } from './pivot'

type Known = Partial<Record<Field, { name: string; count?: number }[]>>

const levels = ['low', 'medium', 'high', 'critical']

// useKnown asks for the values of a time range once somebody needs them.
function useKnown(range: string, needed: boolean): Known {
  const [got, setGot] = useState<{ range: string; known: Known }>()
  const units = useUnits(needed)
  const old = got?.range !== range
  useEffect(() => {
    if (!needed || !old) return
    // Without an answer there is nothing to offer, and nothing to say about that.
    api.counts(new URLSearchParams({ range, parts: '1' })).then((c) => setGot({ range, known: c.top as Known }), () => setGot({ range, known: {} }))
  }, [needed, old, range])
  const known = got?.known ?? {}
  const seen = new Set<string>()
  return { ...known, unit: units.map((u) => ({ name: u.id })),
    ip: [...known.src ?? [], ...known.dst ?? []].filter((v) => !seen.has(v.name) && seen.add(v.name)).map((v) => ({ name: v.name })) }
}

export function QueryInput({ text, setText, revert, range, error, input }: {
  text: string; setText: (s: string) => void; revert: () => void; range: string; error: ReactNode; input: RefObject<HTMLInputElement>
}) {
  const words = useWords()
  const { t, number, lang } = words
  const id = useId()
  const [open, setOpen] = useState(false)
  const [at, setAt] = useState(-1) // the offer that the arrow keys have come to
  const [caret, setCaret] = useState(0)
  const target = useRef<number>() // where the caret goes after an offer was taken
  const word = wordAt(text, caret)
  const known = useKnown(range, open && word.field !== undefined)
  const units = useUnits(open && word.field === 'unit')
  const list = open ? offers(word, known) : []
  const show = (yes: boolean) => { setOpen(yes); setAt(-1) }
  useEffect(() => {
    if (target.current === undefined) return
    input.current?.setSelectionRange(target.current, target.current)
    setCaret(target.current)
    target.current = undefined
  })
  const take = (o: Offer) => {
    const after = text.slice(word.to)
    const put = o.text + (o.kind && !after.startsWith(' ') ? ' ' : '')
    setText(text.slice(0, word.from) + put + after)
    target.current = word.from + put.length
    show(!o.kind)
  }
  const press = (e: KeyboardEvent) => {
    const chosen = list[at]
    if (e.key === 'Escape' && list.length > 0) show(false)
    else if (e.key === 'Escape') { revert(); input.current?.blur(); return }
    else if (e.key === 'ArrowDown' && !open) show(true)
    else if (e.key === 'ArrowDown' && list.length > 0) setAt((at + 1) % list.length)
    else if (e.key === 'ArrowUp' && list.length > 0) setAt((at <= 0 ? list.length : at) - 1)
    else if (e.key === 'Enter' && chosen) take(chosen)
    else if (e.key === 'Tab' && !e.shiftKey && list.length > 0 && (chosen || word.begun !== '')) take(chosen ?? list[0])
    else return
    e.preventDefault()
  }
  const note = (o: Offer) => !o.kind ? t(`find.field.${o.value}` as Key) : o.kind === 'severity' ? words.word('severity', String(levels.indexOf(o.value) + 1))
    : o.kind === 'status' || o.kind === 'source' ? words.word(o.kind, o.value) : o.kind === 'unit' ? unitName(units, o.value, lang) : o.count !== undefined ? number(o.count) : ''
  return (
    <div className="grow typed">
      <TextInput ref={input} aria-label={t('query.label')} placeholder={t('query.placeholder')} value={text} error={error} maxLength={2000} spellCheck={false} autoComplete="off"
        role="combobox" aria-autocomplete="list" aria-expanded={list.length > 0} aria-controls={list.length > 0 ? id : undefined} aria-activedescendant={at >= 0 && at < list.length ? `${id}-${at}` : undefined}
        onChange={(e) => { setText(e.currentTarget.value); setCaret(e.currentTarget.selectionStart ?? 0); show(true) }}
        onSelect={(e) => setCaret(e.currentTarget.selectionStart ?? 0)} onBlur={() => show(false)} onFocus={(e) => { if (e.currentTarget.value === '') show(true) }} onKeyDown={press} />
      {list.length > 0 && (
        <div className="offers">
          <ul id={id} role="listbox" aria-label={t('query.offers')}>
            {list.map((o, i) => (
              <li key={o.text} id={`${id}-${i}`} role="option" aria-selected={i === at} onMouseDown={(e) => { e.preventDefault(); take(o) }}><span className="mono">{o.kind ? o.value : o.text}</span> <span className="quiet">{note(o)}</span></li>
            ))}
          </ul>
          <p className="quiet">{t('query.offers.keys')}</p>
        </div>
      )}
    </div>
  )
}
