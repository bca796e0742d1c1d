// Long tables: only the rows near the screen are elements. All rows have the height of the first.
import { useCallback, useEffect, useState, type RefObject } from 'react'

const all = 150 // rows that are simply there
const beyond = 30 // rows above and below the screen
const step = 10 // rows by which the part moves, so that scrolling changes little

export interface Part {
  from: number
  to: number
  before: number // pixels of the rows above
  after: number
  long: boolean
  show: (row: number) => void // scrolls there
}

export function useWindow(count: number, body: RefObject<HTMLTableSectionElement>, nearEnd?: () => void): Part {
  const [at, setAt] = useState({ from: 0, to: all, height: 36 })
  const long = count > all
  const measure = useCallback(() => {
    const el = body.current
    if (!el) return
    const height = el.querySelector('tr[data-row]')?.getBoundingClientRect().height || 36
    const top = el.getBoundingClientRect().top
    const down = (n: number) => Math.max(0, Math.floor(n / step) * step)
    const from = Math.min(down(-top / height - beyond), Math.max(0, count - all))
    const to = Math.min(count, down((innerHeight - top) / height + beyond) + step)
    setAt((old) => (old.from === from && old.to === to && old.height === height ? old : { from, to, height }))
    if (to >= count - beyond) nearEnd?.()
  }, [body, count, nearEnd])
  useEffect(() => {
    measure()
    window.addEventListener('scroll', measure, { passive: true })
    window.addEventListener('resize', measure)
    return () => {
      window.removeEventListener('scroll', measure)
      window.removeEventListener('resize', measure)
    }
  }, [measure])
  const show = useCallback((row: number) => {
    const el = body.current
    if (!el) return
    const y = el.getBoundingClientRect().top + row * at.height
    if (y < 96 || y > innerHeight - 2 * at.height) window.scrollBy(0, y - innerHeight / 2)
  }, [at.height, body])
  if (!long) return { from: 0, to: count, before: 0, after: 0, long, show }
  const to = Math.min(at.to, count)
  const from = Math.min(at.from, to)
  return { from, to, before: from * at.height, after: (count - to) * at.height, long, show }
}
