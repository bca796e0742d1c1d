// The view that the reader comes from: what is added on other pages goes to its query, and its time stays.
import { go } from './route'

const key = 'khien.view'

export const remember = (path: string, params: URLSearchParams) => sessionStorage.setItem(key, `${path}?${params}`)

const before = () => new URL(sessionStorage.getItem(key) ?? '/inbox?range=30d', location.origin)

// lookFor shows the remembered view with another query, made from the one it had.
export function lookFor(change: (q: string) => string) {
  const view = before()
  const p = view.searchParams
  p.set('q', change(p.get('q') ?? '').trim())
  p.delete('by')
  go(`${view.pathname}?${p}`)
}

// findNear searches all findings of the remembered view's time.
export function findNear(q: string) {
  const p = new URLSearchParams({ q })
  for (const name of ['range', 'from', 'to']) {
    const v = before().searchParams.get(name)
    if (v) p.set(name, v)
  }
  go('/find?' + p)
}

// The order of the groups in the inbox, so that one goes from finding to finding without it.
export interface Place {
  id: string
  key: string
}

const order = 'khien.order'
const at = 'khien.at'
const most = 1000

export const keepOrder = (places: Place[]) => sessionStorage.setItem(order, JSON.stringify(places.slice(0, most)))

// beside is the place before or behind a finding.
export function beside(id: string, step: number): Place | undefined {
  const list = JSON.parse(sessionStorage.getItem(order) ?? '[]') as Place[]
  const i = list.findIndex((p) => p.id === id)
  return i < 0 ? undefined : list[i + step]
}

// leaveAt tells the inbox which row to come back to; leftAt takes that once.
export const leaveAt = (key: string) => sessionStorage.setItem(at, key)
export function leftAt(): string {
  const key = sessionStorage.getItem(at) ?? ''
  sessionStorage.removeItem(at)
  return key
}
