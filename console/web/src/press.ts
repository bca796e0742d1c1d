// Keys of a page. They are not meant while somebody types, or while a dialog, a list or a menu is open.
import { createContext, useContext, useEffect, useRef } from 'react'

export type Presses = Record<string, () => void>

// typing says whether a key belongs to what has the focus.
export function typing(e: KeyboardEvent): boolean {
  const el = e.target as HTMLElement
  return e.ctrlKey || e.metaKey || e.altKey || el.closest('[role=dialog], [role=listbox], textarea, select') !== null || (el instanceof HTMLInputElement && el.type !== 'checkbox')
}

// Seen is whether the page is shown yet. No key acts on what nobody has seen.
export const Seen = createContext(true)

export function usePress(on: Presses) {
  const now = useRef(on)
  now.current = useContext(Seen) ? on : {}
  useEffect(() => {
    const press = (e: KeyboardEvent) => {
      const el = e.target as HTMLElement
      if (typing(e) || el.closest('[role=menu]') || !Object.hasOwn(now.current, e.key)) return
      if (e.key === 'Enter' && el.closest('a, button')) return // which do what they say
      e.preventDefault()
      now.current[e.key]()
    }
    window.addEventListener('keydown', press)
    return () => window.removeEventListener('keydown', press)
  }, [])
}
