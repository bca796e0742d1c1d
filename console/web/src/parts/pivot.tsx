// A value that leads on: only this, this too, not this, everything about it. The address bar holds where that leads. Tables
// hold hundreds of values, so that all of them share one menu.
import { Menu } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useWords } from '../i18n'
import { go } from '../route'
import { isPseudonym, mayReveal, useHidden } from '../reveal'
import { findNear, lookFor } from '../view'
import { RevealDialog } from './reveal'

export type Field = 'ip' | 'src' | 'dst' | 'host' | 'rule' | 'brand' | 'sha256' | 'ja4' | 'cert' | 'campaign' | 'chain' | 'sensor' | 'unit' | 'as' | 'country' | 'technique' | 'stage' | 'source' | 'severity' | 'status'

// term asks for a value in the query language.
export const term = (field: Field, v: string) => `${field}:${/^[\w.:/*@-]+$/.test(v) ? v : `"${v.replaceAll('"', '')}"`}`

// entities are the kinds of values that have a page of their own.
export const entities = ['host', 'ip', 'sha256', 'ja4', 'cert'] as const
export type EntityKind = (typeof entities)[number]

// entityOf says under which of them a field's values have it.
const entityOf = (field: Field) => (field === 'src' || field === 'dst' ? 'ip' : entities.find((kind) => kind === field))

const opened = 'khien:pivot'
const values = '.pivot[aria-haspopup]'

interface Asked { button: HTMLButtonElement; field: Field; value: string }

export function Pivot({ field, value, label }: { field: Field; value: string; label?: string }) {
  const { t } = useWords()
  return (
    <button type="button" className="pivot" aria-haspopup="menu" title={t('pivot.title')}
      onClick={(e) => window.dispatchEvent(new CustomEvent<Asked>(opened, { detail: { button: e.currentTarget, field, value } }))}>{label ?? value}</button>
  )
}

// nextPivot opens the menu of the value at hand: the one that has the focus, or the first of the row that the cursor is on,
// or of the page; and while a menu is open, of the value behind it.
export function nextPivot() {
  const open = document.querySelector<HTMLButtonElement>('.pivot[data-open]')
  const row = document.getElementById('row-at')
  const near = document.activeElement?.closest<HTMLButtonElement>(values)
  const focused = row && near && near.closest('tbody') === row.closest('tbody') && !row.contains(near) ? null : near // left behind by the cursor
  const within = (open ?? focused)?.closest('tr, .page') ?? row ?? document.querySelector('.page')
  const all = [...within?.querySelectorAll<HTMLButtonElement>(values) ?? []]
  const next = open ? all[(all.indexOf(open) + 1) % all.length] : focused ?? all[0]
  next?.click()
}

// PivotMenu is the menu of all values, at the one that asked last.
export function PivotMenu() {
  const { t } = useWords()
  const [asked, setAsked] = useState<Asked>()
  const [revealing, setRevealing] = useState('')
  const me = useHidden()
  useEffect(() => {
    const open = (e: Event) => setAsked((e as CustomEvent<Asked>).detail)
    window.addEventListener(opened, open)
    return () => window.removeEventListener(opened, open)
  }, [])
  useEffect(() => {
    if (!asked) return
    asked.button.dataset.open = ''
    return () => { delete asked.button.dataset.open }
  }, [asked])
  if (revealing) return <RevealDialog of="address" subject={revealing} close={() => setRevealing('')} />
  if (!asked) return null
  const { button, field, value } = asked
  const words = term(field, value)
  const kind = entityOf(field)
  const place = button.getBoundingClientRect()
  const close = () => { setAsked(undefined); if (button.isConnected) button.focus({ preventScroll: true }) }
  return (
    <Menu key={words + place.top + place.left} opened onChange={(o) => { if (!o) close() }} position="bottom-start" withinPortal returnFocus={false} withInitialFocusPlaceholder={false} clickOutsideEvents={['mousedown', 'touchstart']} transitionProps={{ duration: 0 }}>
      <Menu.Target>
        <button type="button" tabIndex={-1} aria-label={t('pivot.title')} className="pivot-at" style={{ top: place.top, left: place.left, width: place.width, height: place.height }} />
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label className="mono" c="var(--soft)">{words}</Menu.Label>
        <Menu.Item onClick={() => lookFor(() => words)}>{t('pivot.only')}</Menu.Item>
        <Menu.Item onClick={() => lookFor((q) => `${q} ${words}`)}>{t('pivot.include')}</Menu.Item>
        <Menu.Item onClick={() => lookFor((q) => `${q} -${words}`)}>{t('pivot.exclude')}</Menu.Item>
        <Menu.Item onClick={() => findNear(words)}>{t('pivot.find')}</Menu.Item>
        {kind && <Menu.Item onClick={() => go(`/entity/${kind}/${encodeURIComponent(value)}`)}>{t('pivot.entity')}</Menu.Item>}
        {me && mayReveal(me) && isPseudonym(value) && <Menu.Item onClick={() => setRevealing(value)}>{t('pivot.reveal')}</Menu.Item>}
        <Menu.Item onClick={() => void navigator.clipboard?.writeText(value)}>{t('pivot.copy')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
