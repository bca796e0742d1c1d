// How many answers are on their way that a page waits for before it is shown.
type Listener = () => void

let open = 0
const listeners = new Set<Listener>()

// asking counts a promise until it ends, and passes it on.
export function asking<T>(sent: Promise<T>): Promise<T> {
  open++
  const end = () => {
    open--
    listeners.forEach((tell) => tell())
  }
  sent.then(end, end)
  return sent
}

export const nothingAsked = () => open === 0

// onAnswer tells of every answer until it is left.
export function onAnswer(tell: Listener): () => void {
  listeners.add(tell)
  return () => void listeners.delete(tell)
}
