// A question that a page asks again and again, one request at a time: a slow server gets no second one on top of the first.
const patience = 60_000 // ms after which the next request does not wait any longer: a line that swallows one would keep it for a quarter of an hour

export class Round<T> {
  private sent = 0
  private told = 0 // newest request whose end was told
  private open = 0 // request that is waited for; 0 for none
  private since = 0
  private more = false // something has changed since it was sent

  constructor(private ask: (alone: boolean) => Promise<T>, private take: (answer: T) => void, private failed: (e: unknown) => void) {}

  // tick asks because time has passed, unless an answer is to come anyway.
  tick = () => { if (!this.waits()) this.send(true) }

  // again asks because something has changed. An answer that is to come may not know of it yet: then it asks once more behind it.
  again = () => { if (this.waits()) this.more = true; else this.send(false) }

  // leave lets nothing be told of what was asked.
  leave = () => { this.told = this.sent; this.open = 0 }

  private waits() { return this.open !== 0 && Date.now() - this.since < patience }

  // alone says that nobody did anything for it: the page asks by itself.
  private send(alone: boolean) {
    const n = ++this.sent
    this.open = n
    this.since = Date.now()
    this.more = false
    const end = (tell: () => void) => {
      if (n <= this.told) return // the page is left, or a later answer was faster
      this.told = n
      tell()
      if (this.open !== n) return
      this.open = 0
      if (this.more) this.send(false)
    }
    this.ask(alone).then((x) => end(() => this.take(x)), (e: unknown) => end(() => this.failed(e)))
  }
}
