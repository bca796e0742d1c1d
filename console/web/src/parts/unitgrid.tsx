// How each organisation unit stands, a tile each, the worst first: what is quiet is there and quiet.
import { Button } from '@mantine/core'
import { useLayoutEffect, useRef, useState } from 'react'
import type { Overview } from '../api'
import { useWords } from '../i18n'
import { follow } from '../route'
import { outside } from '../units'
import { Severity } from './severity'

type Loads = NonNullable<Overview['units']>
type Load = Loads['rows'][number]

const folded = 24 // tiles until somebody asks for all

const busy = (u: Load) => u.severity > 0 || u.victims > 0

// viewOf is the inbox of a unit: what waits of all days, or what came today.
function viewOf(u: Load): string {
  const q = u.id === '' ? outside : 'unit:' + u.id
  return '/inbox?' + new URLSearchParams(u.waiting > 0 ? { q: q + ' status:new severity>=high', range: 'all' } : { q, range: '24h' })
}

export function UnitGrid({ units, admin, wall }: { units: Loads | null; admin: boolean; wall: boolean }) {
  const { t, number } = useWords()
  const [all, setAll] = useState(false)
  const grid = useRef<HTMLUListElement>(null)
  const fit = useFit(grid, wall && units !== null)
  if (!units) return admin && !wall ? <section className="panel wide"><h2>{t('overview.units')}</h2><p className="quiet">{t('overview.units.none')} <a href="/admin" onClick={follow}>{t('admin.title')}</a></p></section> : null
  const rows = units.rows
  const most = wall ? fit : all ? rows.length : folded
  const shown = rows.slice(0, most)
  const rest = rows.slice(most)
  const worried = (list: Load[]) => list.filter(busy).length
  return (
    <section className="panel wide units">
      <h2>{t('overview.units')} <small className="quiet">{wall && rest.length > 0 ? t('overview.units.wall', { busy: number(worried(rows)), hidden: number(worried(rest)), calm: number(rest.length - worried(rest)) })
        : t('overview.units.lead', { n: number(rows.length), busy: number(worried(rows)), calm: number(rows.length - worried(rows)) })}</small></h2>
      <ul className="tiles" ref={grid}>{shown.map((u) => <Tile key={u.id} unit={u} partial={units.partial} />)}</ul>
      {!wall && rows.length > folded && <p className="quiet">
        {!all && t('overview.units.more', { n: number(rest.length), busy: number(worried(rest)), calm: number(rest.length - worried(rest)) })}{' '}
        <Button size="compact-sm" variant="default" aria-expanded={all} onClick={() => setAll(!all)}>{t(all ? 'overview.units.fewer' : 'overview.units.all')}</Button>
      </p>}
    </section>
  )
}

function Tile({ unit: u, partial }: { unit: Load; partial: boolean }) {
  const { t, lang, number } = useWords()
  const name = u.id === '' ? t('overview.units.outside') : (lang === 'en' && u.name.en) || u.name.vi
  const trend = u.findings > u.yesterday ? '▲' : u.findings < u.yesterday ? '▼' : '='
  return (
    <li>
      <a className={busy(u) ? 'tile b' + Math.max(1, u.severity) : 'tile calm'} href={viewOf(u)} onClick={follow} title={name}>
        <span className="who">{name}</span>
        {u.severity > 0 ? <Severity level={u.severity} /> : <span>{u.victims === 0 && '✓ ' + t('overview.units.calm')}</span>}
        {(u.findings > 0 || u.yesterday > 0) && <small className="trend">
          <span aria-hidden="true">{trend}</span> {t('overview.units.today', { n: number(u.findings) })}<span className="yesterday">{t('overview.units.yesterday', { n: number(u.yesterday) })}</span>
        </small>}
        {(u.waiting > 0 || u.victims > 0) && <small>
          {u.waiting > 0 && <strong>{t('overview.units.waiting', { n: number(u.waiting) })}</strong>}
          {u.victims > 0 && <strong>{partial && '≥ '}{t('overview.units.victims', { n: number(u.victims) })}</strong>}
        </small>}
      </a>
    </li>
  )
}

// useFit is how many tiles of a grid with rows of one height have room.
function useFit(grid: React.RefObject<HTMLUListElement>, wanted: boolean): number {
  const [n, setN] = useState(folded)
  useLayoutEffect(() => {
    const el = grid.current
    if (!wanted || !el) return
    const measure = () => {
      const style = getComputedStyle(el)
      const gap = Number.parseFloat(style.rowGap)
      const across = style.gridTemplateColumns.split(' ').length
      setN(across * Math.max(1, Math.floor((el.clientHeight + gap) / (Number.parseFloat(style.gridAutoRows) + gap))))
    }
    measure()
    const watch = new ResizeObserver(measure)
    watch.observe(el)
    return () => watch.disconnect()
  }, [grid, wanted])
  return n
}
