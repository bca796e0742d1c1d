// Which answers are on their way that a page waits for before it is shown.
type Listener = () => void

let last = 0
const open = new Set<number>()
const listeners = new Set<Listener>()

// asking counts a promise until it ends, and passes it on.
export function asking<T>(sent: Promise<T>): Promise<T> {
  const n = ++last
  open.add(n)
  const end = () => {
    open.delete(n)
    listeners.forEach((tell) => tell())
  }
  sent.then(end, end)
  return sent
}

// asked is a moment; answered says whether all that was asked after it has ended. What an earlier page asked, on a line that
// may have swallowed it, holds no later page up.
export const asked = () => last
export const answered = (since: number) => [...open].every((n) => n <= since)

// onAnswer tells of every answer until it is left.
export function onAnswer(tell: Listener): () => void {
  listeners.add(tell)
  return () => void listeners.delete(tell)
}
