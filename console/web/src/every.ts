// What happens on a page by itself, again and again, as long as it is there.
import { useEffect, useRef, useState } from 'react'
import { Round } from './round'

// Every is what has been answered. Without an answer what was told before stays.
export interface Every<T> {
  answer?: T
  error?: unknown // of the latest request; undefined when that was answered
  again: () => void // asks at once; always the same function
}

// useEvery asks at once, again every so many ms, which may depend on the latest answer, and when one of changes is another.
// alone says that only time has passed: such a request should keep no session alive.
export function useEvery<T>(ms: number | ((latest?: T) => number), ask: (alone: boolean) => Promise<T>, changes: readonly unknown[] = []): Every<T> {
  const [got, setGot] = useState<{ answer?: T; error?: unknown }>({})
  const asked = useRef(ask)
  asked.current = ask
  const [round] = useState(() => new Round((alone) => asked.current(alone), (answer) => setGot({ answer }), (error) => setGot((old) => ({ ...old, error }))))
  const period = typeof ms === 'number' ? ms : ms(got.answer)
  useEffect(() => {
    round.again()
    const timer = setInterval(round.tick, period)
    return () => clearInterval(timer)
    // changes are what the caller names.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [round, period, ...changes])
  useEffect(() => round.leave, [round])
  return { ...got, again: round.again }
}

// useNow is the time in ms, told anew every so many.
export function useNow(every: number): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every)
    return () => clearInterval(timer)
  }, [every])
  return now
}
