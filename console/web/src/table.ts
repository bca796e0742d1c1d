// What every table can do: widths of columns that are remembered, and being taken along as text or CSV.
import { useCallback, useEffect, useRef, type RefObject } from 'react'

const key = 'khien.columns'
const least = 48 // pixels of a column
const edge = 6 // pixels at the border of two heads that take hold of it

type Widths = Record<string, number[]> // shares of the table, by its name and number of columns

function stored(): Widths {
  try {
    return JSON.parse(localStorage.getItem(key) ?? '{}') as Widths
  } catch {
    return {}
  }
}

const heads = (table: HTMLTableElement) => [...table.tHead?.rows[0]?.cells ?? []]
const nameOf = (table: HTMLTableElement, name: string) => `${name}/${heads(table).length}`

function apply(table: HTMLTableElement, name: string) {
  const shares = stored()[nameOf(table, name)]
  table.classList.toggle('sized', shares !== undefined)
  heads(table).forEach((th, i) => { th.style.width = shares ? `${(shares[i] * 100).toFixed(3)}%` : '' })
}

// moveBorder makes a column wider at the cost of the one behind it, or narrower.
function moveBorder(table: HTMLTableElement, name: string, column: number, by: number) {
  const widths = heads(table).map((th) => th.getBoundingClientRect().width)
  if (column < 0 || column + 1 >= widths.length) return
  const d = Math.max(least - widths[column], Math.min(by, widths[column + 1] - least))
  widths[column] += d
  widths[column + 1] -= d
  const all = widths.reduce((a, b) => a + b, 0)
  localStorage.setItem(key, JSON.stringify({ ...stored(), [nameOf(table, name)]: widths.map((w) => w / all) }))
  apply(table, name)
}

export interface Tabled {
  ref: RefObject<HTMLTableElement>
  columns: () => string[] // what stands in the heads
  wider: (column: number, by: number) => void
  reset: () => void
}

// useTable remembers widths under a name. They are dragged at the borders of the heads.
export function useTable(name: string): Tabled {
  const ref = useRef<HTMLTableElement>(null)
  const drag = useRef({ column: -1, from: 0 })
  useEffect(() => {
    const table = ref.current
    if (!table) return
    apply(table, name)
    const border = (e: PointerEvent) => e.pointerType === 'touch' ? -1
      : heads(table).findIndex((th, i, all) => i + 1 < all.length && Math.abs(th.getBoundingClientRect().right - e.clientX) <= edge)
    const held = drag.current
    const down = (e: PointerEvent) => {
      held.column = border(e)
      held.from = e.clientX
      if (held.column < 0) return
      e.preventDefault()
      table.tHead?.setPointerCapture(e.pointerId)
    }
    const move = (e: PointerEvent) => {
      if (held.column < 0) { table.classList.toggle('at-border', border(e) >= 0); return }
      moveBorder(table, name, held.column, e.clientX - held.from)
      held.from = e.clientX
    }
    const up = () => { held.column = -1 }
    const head = table.tHead
    head?.addEventListener('pointerdown', down)
    head?.addEventListener('pointermove', move)
    head?.addEventListener('pointerup', up)
    return () => {
      head?.removeEventListener('pointerdown', down)
      head?.removeEventListener('pointermove', move)
      head?.removeEventListener('pointerup', up)
    }
  }) // the table itself comes and goes with what it shows
  const columns = useCallback(() => (ref.current ? heads(ref.current).map((th) => th.innerText.trim()) : []), [])
  const wider = useCallback((column: number, by: number) => { if (ref.current) moveBorder(ref.current, name, column, by) }, [name])
  const reset = useCallback(() => {
    if (!ref.current) return
    const { [nameOf(ref.current, name)]: _, ...others } = stored()
    localStorage.setItem(key, JSON.stringify(others))
    apply(ref.current, name)
  }, [name])
  return { ref, columns, wider, reset }
}

const plain = (s: string) => s.replace(/\s+/g, ' ').trim()

// shownRows is what a table shows, the heads first. Columns without a head to read hold buttons and boxes.
export function shownRows(table: HTMLTableElement): string[][] {
  const told = heads(table).map((th) => th.querySelector('.hidden') === null && plain(th.innerText) !== '')
  return [...table.rows].filter((r) => !r.hasAttribute('aria-hidden')).map((r) => [...r.cells].filter((_, i) => told[i] ?? true).map((c) => plain(c.innerText)))
}

export const asText = (rows: string[][]) => rows.map((r) => r.map(plain).join('\t')).join('\n')

// asCSV writes rows so that no program takes a cell for a formula; the mark before them says that they are UTF-8.
export function asCSV(rows: string[][]): string {
  const cell = (s: string) => {
    const safe = /^[=+\-@\t\r\n＝＋－＠]/.test(s) ? `'${s}` : s
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
  }
  return '\ufeff' + rows.map((r) => r.map(cell).join(',')).join('\r\n') + '\r\n'
}

export function download(name: string, type: string, text: string) {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const a = document.createElement('a')
  a.href = url
  a.download = name
  a.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
