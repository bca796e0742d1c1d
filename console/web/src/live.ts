// New findings and decisions as they come: one event stream for the whole page.
import { useEffect, useRef, useState } from 'react'

export interface Told {
  key: string
  id: string
  severity: number
  rule_name: string
}

// Decided is what somebody decided about a group. Without a key it was about many.
export interface Decided {
  key: string
  status: string
}

export function useLive(onFindings: (f: Told[]) => void, onTriage: (d: Decided) => void): boolean {
  const [on, setOn] = useState(false)
  const handlers = useRef({ onFindings, onTriage })
  handlers.current = { onFindings, onTriage }
  useEffect(() => {
    const s = new EventSource('/api/v1/events')
    s.addEventListener('hello', () => setOn(true))
    s.addEventListener('findings', (e) => handlers.current.onFindings(JSON.parse((e as MessageEvent<string>).data) as Told[]))
    s.addEventListener('triage', (e) => handlers.current.onTriage(JSON.parse((e as MessageEvent<string>).data) as Decided))
    s.onerror = () => setOn(false)
    return () => s.close()
  }, [])
  return on
}
