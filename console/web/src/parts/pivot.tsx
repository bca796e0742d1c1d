// A value that leads on: only this, this too, not this, everything about it. The address bar holds where that leads.
import { Menu } from '@mantine/core'
import { useState } from 'react'
import { useWords } from '../i18n'
import { go } from '../route'
import { isPseudonym, mayReveal, useHidden } from '../reveal'
import { lookFor } from '../view'
import { RevealDialog } from './reveal'

export type Field = 'ip' | 'src' | 'dst' | 'host' | 'rule' | 'brand' | 'sha256' | 'ja4' | 'campaign' | 'chain' | 'sensor' | 'unit' | 'as' | 'country' | 'technique' | 'source' | 'severity'

// term asks for a value in the query language.
export const term = (field: Field, v: string) => `${field}:${/^[\w.:/*@-]+$/.test(v) ? v : `"${v.replaceAll('"', '')}"`}`

// entityOf says under which kind a value has a page of its own.
const entityOf = (field: Field) =>
  field === 'host' || field === 'sha256' || field === 'ja4' ? field : field === 'ip' || field === 'src' || field === 'dst' ? 'ip' : undefined

export function Pivot({ field, value, label }: { field: Field; value: string; label?: string }) {
  const { t } = useWords()
  const asked = term(field, value)
  const kind = entityOf(field)
  const me = useHidden()
  const [revealing, setRevealing] = useState(false)
  return <>
    <Menu position="bottom-start" withinPortal transitionProps={{ duration: 0 }}>
      <Menu.Target>
        <button type="button" className="pivot" title={t('pivot.title')}>{label ?? value}</button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{asked}</Menu.Label>
        <Menu.Item onClick={() => lookFor(() => asked)}>{t('pivot.only')}</Menu.Item>
        <Menu.Item onClick={() => lookFor((q) => `${q} ${asked}`)}>{t('pivot.include')}</Menu.Item>
        <Menu.Item onClick={() => lookFor((q) => `${q} -${asked}`)}>{t('pivot.exclude')}</Menu.Item>
        <Menu.Item onClick={() => go('/find?' + new URLSearchParams({ q: asked, range: '30d' }))}>{t('pivot.find')}</Menu.Item>
        {kind && <Menu.Item onClick={() => go(`/entity/${kind}/${encodeURIComponent(value)}`)}>{t('pivot.entity')}</Menu.Item>}
        {me && mayReveal(me) && isPseudonym(value) && <Menu.Item onClick={() => setRevealing(true)}>{t('pivot.reveal')}</Menu.Item>}
        <Menu.Item onClick={() => void navigator.clipboard?.writeText(value)}>{t('pivot.copy')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
    {revealing && <RevealDialog of="address" subject={value} close={() => setRevealing(false)} />}
  </>
}
