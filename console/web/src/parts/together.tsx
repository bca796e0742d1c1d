// A page is shown when all that it asked first has been answered, so that nothing moves away under the pointer: a click whose
// button moves between press and release is lost.
import { Skeleton } from '@mantine/core'
import { useEffect, useState, type ReactNode } from 'react'
import { answered, asked, onAnswer } from '../asking'
import { useWords } from '../i18n'
import { Seen } from '../press'

const patienceMS = 3_000 // one slow answer does not hide the others for longer

// Safari has no requestIdleCallback.
const idle = (f: () => void) => void (typeof requestIdleCallback === 'function' ? requestIdleCallback(f) : setTimeout(f, 50))

export function Together({ children }: { children: ReactNode }) {
  const { t } = useWords()
  const [since] = useState(asked)
  const [shown, setShown] = useState(false)
  useEffect(() => {
    if (shown) return
    // An answer may make its page ask for more: that has begun when the page has nothing left to do.
    const look = () => idle(() => { if (answered(since)) setShown(true) })
    look()
    const leave = onAnswer(look)
    const late = setTimeout(() => setShown(true), patienceMS)
    return () => { leave(); clearTimeout(late) }
  }, [shown, since])
  return <>
    {!shown && <div className="together" role="status" aria-busy="true" aria-label={t('common.loading')}>
      {Array.from({ length: 12 }, (_, i) => <Skeleton key={i} height={32} mt={4} />)}
    </div>}
    <Seen.Provider value={shown}><div className={shown ? undefined : 'unseen'}>{children}</div></Seen.Provider>
  </>
}
