// What a page asks: once and after changes, or again and again as long as it is there. Only the newest question's answer counts.
import { useEffect, useRef, useState } from 'react'
import { Round } from './round'

// Every is what has been answered. Without an answer what was told before stays.
export interface Every<T> {
  answer?: T
  error?: unknown // of the latest request; undefined when that was answered
  again: () => void // asks at once; always the same function
}

// Answer is what has been answered to one question.
export interface Answer<T> extends Every<T> {
  put: (answer: T) => void // what a change has answered; what was asked before replaces it no more
}

type Ask<T> = (alone: boolean) => Promise<T>

// useEvery asks at once, again every so many ms, which may depend on the latest answer, and when one of changes is another.
// alone says that only time has passed: such a request should keep no session alive.
export function useEvery<T>(ms: number | ((latest?: T) => number), ask: Ask<T>, changes: readonly unknown[] = []): Every<T> {
  const { round, answer, error, again } = useRound('', ask, changes)
  const period = typeof ms === 'number' ? ms : ms(answer)
  useEffect(() => {
    const timer = setInterval(round.tick, period)
    return () => clearInterval(timer)
  }, [round, period])
  return { answer, error, again }
}

// useAnswer asks once, and when one of changes is another. Where of names something else, nothing is told until that is answered.
export function useAnswer<T>(of: string, ask: () => Promise<T>, changes: readonly unknown[] = []): Answer<T> {
  const { answer, error, again, put } = useRound(of, ask, changes)
  return { answer, error, again, put }
}

function useRound<T>(of: string, ask: Ask<T>, changes: readonly unknown[]) {
  const [got, setGot] = useState<{ of: string; answer?: T; error?: unknown }>({ of })
  const now = useRef({ of, ask })
  now.current = { of, ask }
  const [{ round, put }] = useState(() => {
    const take = (answer: T) => setGot({ of: now.current.of, answer })
    const fail = (error: unknown) => setGot((old) => ({ ...(old.of === now.current.of ? old : { of: now.current.of }), error }))
    const round = new Round((alone) => now.current.ask(alone), take, fail)
    return { round, put: (answer: T) => { round.leave(); take(answer) } }
  })
  useEffect(() => round.leave, [round, of])
  useEffect(() => {
    round.again()
    // changes are what the caller names.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [round, of, ...changes])
  const { answer, error } = got.of === of ? got : { answer: undefined, error: undefined }
  return { round, answer, error, again: round.again, put }
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
