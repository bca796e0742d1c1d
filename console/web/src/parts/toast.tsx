// Messages at the foot of the page. One with an undo stays ten seconds; an error stays until it is dismissed.
import { Button, CloseButton } from '@mantine/core'
import { useCallback, useMemo, useRef, useState } from 'react'
import { useWords } from '../i18n'

const undoSeconds = 10

interface Toast {
  id: number
  text: string
  error?: boolean
  undo?: () => void
}

export interface ToastBox {
  list: Toast[]
  say: (text: string, undo?: () => void) => void
  fail: (text: string) => void
  drop: (id: number) => void
  undoLast: () => void
}

export function useToasts(): ToastBox {
  const [list, setList] = useState<Toast[]>([])
  const next = useRef(1)
  const current = useRef(list)
  current.current = list
  const drop = useCallback((id: number) => setList((l) => l.filter((x) => x.id !== id)), [])
  const add = useCallback((x: Omit<Toast, 'id'>) => {
    const id = next.current++
    setList((l) => [...l, { ...x, id }].slice(-4))
    if (!x.error) setTimeout(() => drop(id), undoSeconds * 1000)
  }, [drop])
  const say = useCallback((text: string, undo?: () => void) => add({ text, undo }), [add])
  const fail = useCallback((text: string) => add({ text, error: true }), [add])
  const undoLast = useCallback(() => {
    const last = current.current.findLast((x) => x.undo)
    if (!last) return
    drop(last.id)
    last.undo?.()
  }, [drop])
  return useMemo(() => ({ list, say, fail, drop, undoLast }), [list, say, fail, drop, undoLast])
}

export function Toasts({ toasts }: { toasts: ToastBox }) {
  const { t } = useWords()
  return (
    <div className="toasts" role="status" aria-live="polite">
      {toasts.list.map((x) => (
        <div key={x.id} className={x.error ? 'toast error' : 'toast'} role={x.error ? 'alert' : undefined}>
          <span>{x.text}</span>
          {x.undo && <Button size="compact-sm" variant="white" onClick={() => { toasts.drop(x.id); x.undo?.() }}>{t('common.undo')} (u)</Button>}
          <CloseButton size="sm" c="inherit" aria-label={t('common.dismiss')} onClick={() => toasts.drop(x.id)} />
        </div>
      ))}
    </div>
  )
}
