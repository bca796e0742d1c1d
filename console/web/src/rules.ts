// Rules as the server documents them, and the calls for them.
import { call, Problem, type Reason, type Tune } from './api'

export interface Fault {
  file: string
  line: number
  column: number
  text?: string
  message: string
  hint?: string
}

export interface Rule {
  id: string
  gid: number
  sid: number
  rev: number
  msg: string
  action: string
  category: string
  priority: number
  file: string
  line: number
  state: 'on' | 'off' | 'tuned'
  hits_24h: number
  hits_7d: number
  last: string | null
  cost?: number
  true_positives: number
  false_positives: number
}

export interface Explained {
  when: string
  looks_at: string[]
  slow: string[]
  fast_pattern: string
  fast_buffer: string
}

export interface RuleDetail extends Rule {
  text: string
  references: string[]
  metadata: Record<string, string[]> | null
  explained: Explained | null
  off: { by: string; at: string; reason: string } | null
  tunes: Tune[]
  verdicts: Partial<Record<string, number>>
  last_any: string | null
  latest_id: string
  looks: number
  microseconds: number
  partial: boolean
}

export interface Outcome {
  ok: boolean
  at: string
  loaded: number
  rejected: number
  milliseconds: number
  waiting: number
  faults: Fault[]
  other?: string
  version?: number // of a core: under which its sensors get the rules
}

export interface Measure {
  running: boolean
  by?: string
  at?: string
  from?: string
  to?: string
  packets: number
  bytes: number
  microseconds: number
  rules: number
  stopped?: string
  error?: string
}

export interface Sets {
  files: { name: string; kind: string; built_in: boolean; loaded: number; off: number; rejected: number }[]
  faults: Fault[]
  since: string
  version: number // 0: the rules of one sensor
  last: Outcome
  rules: number
  off: number
  skipped: number
  without_pattern: number
  overruns: { id: string; msg: string; count: number }[]
  cost: Measure
  packets: boolean
}

export interface Checked {
  rules: (Explained & { gid: number; sid: number; rev: number; line: number; msg: string })[]
  faults: Fault[]
}

export interface Trial {
  rules: { gid: number; sid: number; msg: string; matches: number; looks: number; microseconds: number; hits: { time: string; src: string; dst: string; packet: number; what: string; reasons: Reason[] }[] }[]
  faults: Fault[]
  packets: number
  bytes: number
  from?: string
  to?: string
  microseconds: number
  stopped?: string
  damaged?: string
}

export interface Version {
  number: number
  by: string
  at: string
  reason: string
  rules: number
}

export interface Own {
  text: string
  base: string
  outside: boolean
  versions: Version[]
}

// given leaves out what is not asked for.
const given = (params: URLSearchParams) => new URLSearchParams([...params].filter(([, v]) => v !== ''))

const at = (id: string) => 'rules/' + encodeURIComponent(id)

export const rules = {
  list: (params: URLSearchParams, signal?: AbortSignal) => call<{ rules: Rule[]; total: number; next: string; partial: boolean }>('GET', 'rules?' + given(params), undefined, signal),
  sets: (alone?: boolean) => call<Sets>('GET', 'rules/sets', undefined, undefined, alone),
  get: (id: string) => call<RuleDetail>('GET', at(id)),
  turn: (id: string, off: boolean, reason: string) => call<Outcome>('POST', at(id) + (off ? '/off' : '/on'), { reason }),
  measure: (minutes: number) => call<Measure>('POST', 'rules/measure', { minutes }),
  check: (text: string, signal?: AbortSignal) => call<Checked>('POST', 'rules/check', { text }, signal),
  tryFinding: (text: string, finding: string) => call<Trial>('POST', 'rules/try', { text, finding }),
  tryWindow: (text: string, from: string, to: string) => call<Trial>('POST', 'rules/try', { text, from, to }),
  tryCapture,
  own: () => call<Own>('GET', 'rules/own'),
  version: (n: number) => call<Version & { text: string }>('GET', 'rules/own/' + n),
  save: (text: string, base: string, reason: string) => call<Outcome>('PUT', 'rules/own', { text, base, reason }),
}

async function tryCapture(text: string, capture: File): Promise<Trial> {
  const form = new FormData()
  form.append('text', text)
  form.append('capture', capture)
  let resp: Response
  try {
    resp = await fetch('/api/v1/rules/try/capture', { method: 'POST', body: form })
  } catch {
    throw new Problem(0, 'network')
  }
  const data = await resp.json().catch(() => ({}))
  if (!resp.ok) throw new Problem(resp.status, typeof data.code === 'string' ? data.code : 'other', data)
  return data as Trial
}
