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
