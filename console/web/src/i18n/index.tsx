// Words of the pages in both languages. Vietnamese is complete by definition; English is checked against it.
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react'
import en from './en.json'
import { fill } from './fill'
import vi from './vi.json'

export type Key = keyof typeof vi
export type Lang = 'vi' | 'en'

const catalogues: Record<Lang, Record<Key, string>> = { vi, en }

export interface Words {
  lang: Lang
  setLang: (l: Lang) => void
  t: (key: Key, params?: Record<string, string | number>) => string
  // word translates a code of the server; a code without a translation is shown as it is.
  word: (prefix: string, code: string) => string
  // name is the word of a code that others give names to; without one it is theirs.
  name: (prefix: string, code: string, theirs?: string) => string
  // number writes a number with the language's separators.
  number: (n: number, digits?: number) => string
}

const Context = createContext<Words | null>(null)

export function useWords(): Words {
  const w = useContext(Context)
  if (!w) throw new Error('useWords outside of WordsProvider')
  return w
}

function stored(): Lang {
  return localStorage.getItem('khien.lang') === 'en' ? 'en' : 'vi'
}

export function WordsProvider({ children }: { children: ReactNode }) {
  const [lang, setLang] = useState<Lang>(stored)
  useEffect(() => {
    document.documentElement.lang = lang
    localStorage.setItem('khien.lang', lang)
  }, [lang])
  const words = useMemo<Words>(() => {
    const c = catalogues[lang]
    const name = (prefix: string, code: string, theirs = '') => {
      const key = `${prefix}.${code}`
      return Object.hasOwn(c, key) ? c[key as Key] : theirs
    }
    const locale = lang === 'vi' ? 'vi-VN' : 'en-GB'
    return {
      lang,
      setLang,
      t: (key, params) => fill(c[key], params),
      word: (prefix, code) => name(prefix, code, code),
      name,
      number: (n, digits = 0) =>
        n.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }),
    }
  }, [lang])
  return <Context.Provider value={words}>{children}</Context.Provider>
}
