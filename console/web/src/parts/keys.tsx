// Keys that work everywhere, and the list of all, with the words that the pages use.
import { Kbd } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useWords } from '../i18n'
import { go } from '../route'
import { typing } from '../press'
import { Dialog } from './dialog'
import { nextPivot } from './pivot'

const keys = [
  ['j', 'j'], ['k', 'k'], ['x', 'x'], ['Enter', 'enter'], ['c', 'c'], ['e', 'e'], ['s', 's'], ['m', 'm'], ['t', 't'], ['b', 'b'], ['r', 'r'], ['a', 'a'], ['.', 'dot'], ['u', 'u'], ['/', 'slash'],
  ['g o', 'go'], ['g i', 'gi'], ['g f', 'gf'], ['g t', 'gt'], ['g c', 'gc'], ['g r', 'gr'], ['g s', 'gs'], ['g l', 'gl'], ['g h', 'gh'], ['?', 'help'],
] as const

const terms = ['finding', 'group', 'chain', 'campaign', 'case', 'seen'] as const

const pages: Record<string, string> = { o: '/', i: '/inbox', f: '/find', t: '/tunes', c: '/cases', r: '/reports', s: '/sensors', l: '/rules', h: '/handover' }
const waitMS = 1500 // between g and the page's letter

export function Keys() {
  const { t } = useWords()
  const [open, setOpen] = useState(false)
  useEffect(() => {
    let g = 0
    const press = (e: KeyboardEvent) => {
      if (typing(e)) return
      if (e.key === '.') { e.preventDefault(); nextPivot(); return }
      if ((e.target as HTMLElement).closest('[role=menu]')) return
      if (e.key === '?') { e.preventDefault(); setOpen(true); return }
      if (e.key !== 'Shift' && Date.now() - g < waitMS && Object.hasOwn(pages, e.key)) {
        // The page's own keys are not meant: t alone would mute a rule.
        e.preventDefault()
        e.stopImmediatePropagation()
        go(pages[e.key])
      }
      g = e.key === 'g' ? Date.now() : 0
    }
    window.addEventListener('keydown', press, true)
    return () => window.removeEventListener('keydown', press, true)
  }, [])
  return (
    open && <Dialog onClose={() => setOpen(false)} size="xl" title={t('keys.title')}>
      <dl className="facts keylist">
        {keys.map(([key, name]) => <div key={key}><dt>{key.split(' ').map((k) => <Kbd key={k} mr={4}>{k}</Kbd>)}</dt><dd>{t(`keys.${name}`)}</dd></div>)}
      </dl>
      <h2>{t('terms.title')}</h2>
      <dl className="facts terms">
        {terms.map((name) => <div key={name}><dt>{t(`terms.${name}`)}</dt><dd>{t(`terms.${name}.is`)}</dd></div>)}
      </dl>
    </Dialog>
  )
}
