// The view that the reader comes from: what is added on other pages goes to its query.
import { go } from './route'

const key = 'khien.view'

export const remember = (path: string, params: URLSearchParams) => sessionStorage.setItem(key, `${path}?${params}`)

// lookFor shows the remembered view with another query, made from the one it had.
export function lookFor(change: (q: string) => string) {
  const before = new URL(sessionStorage.getItem(key) ?? '/inbox?range=30d', location.origin)
  const p = before.searchParams
  p.set('q', change(p.get('q') ?? '').trim())
  p.delete('by')
  go(`${before.pathname}?${p}`)
}
