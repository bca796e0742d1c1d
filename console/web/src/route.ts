// The address bar holds the view: a path and its parameters.
import { useSyncExternalStore } from 'react'

const changed = 'khien:route'

function subscribe(f: () => void) {
  window.addEventListener('popstate', f)
  window.addEventListener(changed, f)
  return () => {
    window.removeEventListener('popstate', f)
    window.removeEventListener(changed, f)
  }
}

export function useAddress(): URL {
  const href = useSyncExternalStore(subscribe, () => location.href)
  return new URL(href)
}

export function go(to: string, replace = false) {
  if (replace) history.replaceState(history.state, '', to)
  else history.pushState(null, '', to)
  window.dispatchEvent(new Event(changed))
  if (!replace) window.scrollTo(0, 0)
}

// follow makes a link change the view without loading the page, unless a modifier asks the browser for more.
export function follow(e: React.MouseEvent<HTMLAnchorElement>) {
  if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return
  e.preventDefault()
  go(e.currentTarget.href)
}
