// The interface of blocking: what is decided about which value, what is served and what is really enforced.
import { call, type Text, whole } from './api'
import type { Words } from './i18n'
import { fill } from './i18n/fill'
import { dateTime } from './time'

export interface Decision {
  id: string
  kind: string
  value: string
  action: string
  scope?: string
  reason: Text
  policy?: string
  proposer: string
  evidence?: { finding: string; kind: string; score: number; time: string }[]
  approvals?: { user: string; time: string }[]
  emergency?: boolean
  automatic?: boolean
  impact?: Impact
  state: string
  ttl: number // nanoseconds
  created: string
  expires: string
  ended?: string
  end_reason?: string
  ended_by?: string
}

export interface Impact {
  since: string
  hits: number
  samples?: { time: string; client: string; server: string; what: string }[]
}

export interface Report {
  kind: string
  value: string
  blocked: boolean
  protected?: { reason: Text; owner: string }
  refused?: string // in English
  token?: string // names why it is refused
  hint?: string
  four_eyes: boolean
  impact?: Impact
  names?: number
  decisions: Decision[] | null
}

export interface Alarm {
  key: string
  since: string
  what: string // names the cause
  values?: Record<string, string | number>
  text: string // in English
}

export interface Status {
  mode: string
  killed: boolean
  held: boolean
  ready: boolean
  version: number
  changed: string
  entries: number
  states: Partial<Record<string, number>>
  alarms: Alarm[]
  versions: { version: number; time: string; cause: string; entries: number }[]
}

export interface Consumer {
  name: string
  kind: string
  canary?: boolean
  seen?: string
  version: number
  given: number
  cut?: number
  read_back?: string
  enforced: number
  missing: number
  extra: number
  behind?: number
  error?: string
}

export interface Standing {
  status: Status
  off?: boolean
  consumers?: Consumer[]
}

export interface Unblock {
  id: string
  value: string
  contact: string
  from?: string // page: sent by a citizen
  text: string
  created: string
  due: string
  state: string
  answer?: string
  by?: string
  answered?: string
}

export interface Proposal {
  kind: string
  value: string
  ttl: string
  reason: string
  finding: string
}

const at = (id: string, act: string) => `blocking/decisions/${encodeURIComponent(id)}/${act}`

export const blocking = {
  standing: (alone?: boolean) => call<Standing>('GET', 'blocking', undefined, undefined, alone),
  decisions: (states: readonly string[], cursor: string) =>
    call<{ page: { decisions: Decision[]; total: number; next: string } }>('GET',
      'blocking/decisions?' + new URLSearchParams([...states.map((s) => ['state', s]), ['limit', '100'], ['cursor', cursor]])),
  about: (value: string) => call<{ page: { decisions: Decision[] } }>('GET', 'blocking/decisions?' + new URLSearchParams({ value, limit: '100' })),
  propose: (x: Proposal) => call<{ decision: Decision }>('POST', 'blocking/decisions', x),
  approve: (id: string, reason: string, emergency: boolean) =>
    call<{ decision: Decision; needs_second?: boolean }>('POST', at(id, 'approve'), { reason, emergency }),
  revoke: (id: string, reason: string) => call<{ decision: Decision }>('POST', at(id, 'revoke'), { reason }),
  why: (value: string) => call<{ report: Report }>('GET', 'blocking/why?' + new URLSearchParams({ value })),
  test: (value: string) => call<{ report: Report }>('GET', 'blocking/test?' + new URLSearchParams({ value })),
  turn: (what: 'kill' | 'resume' | 'accept', reason: string) => call<Standing>('POST', 'blocking/' + what, { reason }),
  rollback: (version: number, reason: string) => call<Standing>('POST', 'blocking/rollback', { version, reason }),
  requests: (open: boolean) => whole<'unblocks', Unblock>('blocking/requests?' + new URLSearchParams({ open: String(open) }), 'unblocks'),
  request: (value: string, contact: string, reason: string) => call<{ unblock: Unblock }>('POST', 'blocking/requests', { value, contact, reason }),
  answer: (id: string, grant: boolean, reason: string) =>
    call<{ unblock: Unblock }>('POST', `blocking/requests/${encodeURIComponent(id)}/answer`, { grant, reason }),
}

// lasting writes a time in milliseconds as words.
export function lasting(ms: number, { t, number }: Words): string {
  const minutes = Math.max(1, Math.round(ms / 60_000))
  if (minutes < 60) return t('overview.pace.minutes', { n: number(minutes) })
  if (minutes < 48 * 60) return t('overview.pace.hours', { n: number(Math.round(minutes / 60)) })
  return t('tune.days.n', { n: number(Math.round(minutes / 1440)) })
}

// alarmName says what is wrong, alarmWhy what raised it.
export const alarmName = ({ key }: Alarm, { t, word }: Words) =>
  key.startsWith('consumer.') ? t('alarm.consumer', { name: key.slice('consumer.'.length) }) : word('alarm', key)

export function alarmWhy({ what, values = {}, text }: Alarm, words: Words): string {
  const told = Object.entries(values).map(([name, v]) => [name,
    name === 'since' ? dateTime(String(v)) : name === 'seconds' ? lasting(Number(v) * 1000, words) : typeof v === 'number' ? words.number(v) : v])
  return fill(words.name('alarm.why', what, text), Object.fromEntries(told)).trim()
}

export const pending = (d: Decision) => d.state === 'proposed' || d.state === 'dry_run' || d.state === 'approved'
export const ended = (d: Decision) => d.state === 'expired' || d.state === 'revoked'

// latest is the finding that a decision leads to, "" where it has none.
export const latest = (d: Decision) => d.evidence?.at(-1)?.finding ?? ''
