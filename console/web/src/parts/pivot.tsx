// A value that leads on: only this, this too, not this, everything about it. The address bar holds where that leads.
import { Menu } from '@mantine/core'
import { useWords } from '../i18n'
import { go } from '../route'

export type Field = 'ip' | 'src' | 'dst' | 'host' | 'rule' | 'brand' | 'sha256' | 'ja4' | 'campaign' | 'chain' | 'sensor' | 'technique' | 'source'

// quoted writes a value as the query language reads it.
export const quoted = (v: string) => (/^[\w.:/*@-]+$/.test(v) ? v : `"${v.replaceAll('"', '')}"`)

const search = (q: string, p: URLSearchParams) =>
  go('/inbox?' + new URLSearchParams({ q: q.trim(), range: p.get('range') ?? '30d', sort: p.get('sort') ?? 'worst' }))

// entityOf says under which kind a value has a page of its own.
const entityOf = (field: Field) =>
  field === 'host' || field === 'sha256' || field === 'ja4' ? field : field === 'ip' || field === 'src' || field === 'dst' ? 'ip' : undefined

export function Pivot({ field, value, label }: { field: Field; value: string; label?: string }) {
  const { t } = useWords()
  const term = `${field}:${quoted(value)}`
  // The view that the reader came from: what is added goes to its query.
  const before = new URLSearchParams(sessionStorage.getItem('khien.inbox') ?? '')
  const kind = entityOf(field)
  return (
    <Menu position="bottom-start" withinPortal transitionProps={{ duration: 0 }}>
      <Menu.Target>
        <button type="button" className="pivot" title={t('pivot.title')}>{label ?? value}</button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{term}</Menu.Label>
        <Menu.Item onClick={() => search(term, before)}>{t('pivot.only')}</Menu.Item>
        <Menu.Item onClick={() => search(`${before.get('q') ?? ''} ${term}`, before)}>{t('pivot.include')}</Menu.Item>
        <Menu.Item onClick={() => search(`${before.get('q') ?? ''} -${term}`, before)}>{t('pivot.exclude')}</Menu.Item>
        {kind && <Menu.Item onClick={() => go(`/entity/${kind}/${encodeURIComponent(value)}`)}>{t('pivot.entity')}</Menu.Item>}
        <Menu.Item onClick={() => void navigator.clipboard?.writeText(value)}>{t('pivot.copy')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
