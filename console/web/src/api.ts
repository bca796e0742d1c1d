// The server's interface. Answers are typed as the server documents them; every string in them may be hostile text.
import { asking } from './asking'
import type { KeyNeeded, Ways } from './passkey'
import type { HiddenPolicy } from './reveal'

export type Role = 'viewer' | 'analyst' | 'lead' | 'admin'

export interface Me {
  name: string
  role: Role
  version: string
  units?: string[] // that the account is limited to
  hidden?: HiddenPolicy // absent where no address is hidden
}

export interface Unit {
  id: string
  name: Text
  networks: string[] | null
  sensors: string[] | null
}

export interface Text {
  vi: string
  en: string
}

export interface Group {
  key: string
  rule: string
  rule_name: string
  summary: Text
  source: string
  severity: number
  score: number
  src_ip: string
  dst_ip: string
  domain: string
  brand: string
  stage: string
  count: number
  first: string
  last: string
  status: string
  spark: number[] | null
  latest_id: string
}

export interface GroupPage {
  groups: Group[]
  total: number
  next: string
  empty: boolean
}

export interface Triage {
  key: string
  status: string
  verdict?: string
  reason?: string
  assignee?: string
  comments: { time: string; user: string; text: string }[]
  history: { time: string; user: string; what: string }[]
  version: number
}

export interface Change {
  key: string
  version: number
  status?: string
  verdict?: string
  reason?: string
  assignee?: string
  comment?: string
}

export interface Reason extends Text {
  weight: number
  buffer?: string
  offset?: number
  length?: number
  excerpt?: string
  excerpt_offset?: number
}

export interface Step {
  time: string
  stage: string
  visibility: string
  what: Text
  evidence?: string
}

// End is one end of a finding's traffic. Where it belongs is known where the operator has provided databases for it.
export interface End {
  ip?: string
  port?: number
  as?: { number?: number; organization?: { name: string } }
  geo?: { country_iso_code: string }
}

// Finding is an ECS document.
export interface Finding {
  '@timestamp': string
  event: { id: string; severity: number; start?: string; end?: string }
  rule: { id: string; name?: string; category?: string; ruleset?: string; reference?: string[] }
  source?: End
  destination?: End
  network?: { transport?: string; protocol?: string; community_id?: string }
  url?: { original?: string }
  user_agent?: { original: string }
  tls?: { client: { ja4?: string }; server?: { hash: { sha1?: string; sha256?: string }; subject?: string; issuer?: string; not_before?: string; not_after?: string } }
  file?: { name?: string; mime_type?: string; size?: number; hash?: { sha256: string } }
  threat?: { technique: { id: string[]; name: string[] }; tactic: { name: string[] } }
  observer: { name?: string; ingress?: { interface: { name: string } } }
  related?: { ip?: string[]; hosts?: string[] }
  pcap_filename?: string
  khien: {
    source: string
    score: number
    summary: Text
    reasons?: Reason[]
    rule?: { text?: string; rev?: number; gid?: number }
    fraud?: { kind: string; brand?: string; stage?: string; visibility: string; score: number }
    steps?: Step[]
    not_seen?: Text[]
    chain?: { id: string }
    campaign?: { id: string }
    direction?: string
    domain?: string
    count: number
    evidence?: { packet?: number }
  }
}

export interface UnitLoad {
  id: string // '' for what touches no unit
  name: Text
  severity: number // 0 for nothing that waits
  waiting: number
  victims: number
  findings: number
  yesterday: number
}

export interface Overview {
  from: string
  to: string
  hours: { today: number[]; yesterday: number[] } // of the day, 24 each
  severities: { severity: number; count: number; yesterday: number; spark: number[] }[]
  waiting: number
  backlog: { ages: { hours: number; groups: number }[]; oldest: string | null; partial: boolean }
  victims: { devices: number; stages: { name: string; count: number }[]; partial: boolean }
  brands: { name: string; count: number }[]
  stages: { name: string; count: number }[]
  stories: Group[]
  units: { rows: UnitLoad[]; partial: boolean } | null
  responses: { taken: ResponseTime | null; closed: ResponseTime | null }
  partial: boolean
  empty: boolean
}

export interface Counts {
  total: number
  from: string
  to: string
  parts: number[]
  counted: number
  top: Partial<Record<string, NameCount[]>>
}

export interface Bundle {
  value: string
  severity: number
  score: number
  findings: number
  groups: number
  first: string
  last: string
  summary: Text
  rule_name: string
  domain: string
  src_ip: string
  latest_id: string
}

export interface QueryPreview {
  groups: number
  findings: number
  severities: number[]
  statuses: Record<string, number>
  sample: Group[]
  from: string | null
  to: string
}

export interface Transactions {
  transactions: { time: string; type: string; fields: [string, string][]; more: boolean }[]
  more: boolean
  flow: boolean // the finding is about one flow
}

export interface PacketList {
  packets: {
    time: string; from: string; to: string; direction: string; protocol: string; length: number; flags: string[]; size: number; bytes: string
  }[]
  more: boolean
  damaged: boolean
  max_bytes: number
}

export interface FileKnown {
  name: string
  type: string
  size: number
  sha256: string
  kept: 'yes' | 'no' | 'off' | 'sensor_away' | 'sensor_busy' | 'sensor_broken' | 'hub_away' // the last four: not known now
  sensor: string
  since?: string
  password: string
  matches: { rule: string; summary: Text; severity: number; id: string }[]
}

export interface ResponseTime {
  seconds: number
  groups: number
}

export interface NameCount {
  name: string
  count: number
}

export interface Entity {
  kind: string
  value: string
  first: string | null
  last: string | null
  findings: number
  partial: boolean
  severities: number[]
  rules: NameCount[]
  peers: NameCount[]
  hosts: NameCount[]
  brands: NameCount[]
  files: NameCount[]
  names: NameCount[]
  ja4: NameCount[]
  certs: NameCount[]
  sensors: NameCount[]
  certificate?: Certificate
  machines: Machine[]
  groups: Group[]
}

// Machine had an address, as it named itself to the server of DHCP.
export interface Machine {
  name: string
  mac: string
  vendor: string
  first: string
  last: string
  until: string
  sensor: string
}

// Certificate is what a certificate says, and where the telemetry has it.
export interface Certificate {
  subject: string
  issuer: string
  not_before: string | null
  not_after: string | null
  connections: number
  partial: boolean
  hosts: NameCount[]
  servers: NameCount[]
}

export interface TuneRequest {
  rule: string
  name: string
  src: string
  dst: string
  host: string
  reason: string
  days: number
  kind: '' | 'threshold' | 'severity'
  count: number
  hours: number
  severity: number
}

export interface Tune extends Partial<Omit<TuneRequest, 'days'>> {
  id: string
  rule: string
  reason: string
  owner: string
  created: string
  expires: string
  hits: number
}

export interface TunePreview {
  groups: number
  findings: number
  severities: number[]
  decided: number
  sample: Group[]
  partial: boolean
}

export interface SavedView {
  id: string
  owner: string
  name: string
  q: string
  range: string
  sort: string
  shared: boolean
}

export interface Person {
  name: string
  role: Role
  units?: string[] // none: not limited
  subject?: string // who a provider says it is: no password here
  totp?: boolean
  keys?: number // how many security keys it has
}

export interface Session {
  id: string
  user: string
  start: string
  seen: string
  own: boolean
}

export interface Token {
  id: string
  name: string
  owner: string
  role: Role
  created: string
  expires: string
}

export interface AuditEntry {
  n: number
  time: string
  user: string
  address: string
  action: string
  object?: string
  detail?: string
}

// Problem is an error document of RFC 9457.
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly body: {
      title?: string
      detail?: string
      reason?: string
      offset?: number
      length?: number
      token?: string
      hint?: string
      changed_by?: string
      current?: Triage
      key?: KeyNeeded
      retry_after?: number
      sensor?: string // whose packets or files cannot be had, and when it was heard of last
      since?: string
    } = {},
  ) {
    super(body.title ?? code)
  }
}

// call asks the server; blocking.ts and reporting.ts have the calls of their pages. A page is shown when what it asks is answered.
// What a page asks by itself is unattended: it keeps no session alive.
export function call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal, unattended?: boolean): Promise<T> {
  const sent = ask<T>(method, path, body, signal, unattended)
  return unattended ? sent : asking(sent)
}

// ask is call for what may take long, as a sensor far away has it: the page is shown without.
async function ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal, unattended?: boolean): Promise<T> {
  // What does not come, or not to its end, is no answer.
  const lost = (e: unknown): never => {
    if (e instanceof DOMException && e.name === 'AbortError') throw e
    throw new Problem(0, 'network')
  }
  let resp: Response
  try {
    resp = await fetch('/api/v1/' + path, {
      method,
      signal,
      headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...(unattended ? { 'Khien-Unattended': '1' } : {}) },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
  } catch (e) {
    return lost(e)
  }
  const data = await resp.json().catch((e: unknown) => (resp.ok ? lost(e) : {}))
  if (!resp.ok) {
    if (resp.status === 401 && !path.startsWith('login')) window.dispatchEvent(new Event('khien:login'))
    throw new Problem(resp.status, typeof data.code === 'string' ? data.code : 'other', data)
  }
  return data as T
}

// whole fetches a list that comes in parts, all of it.
export async function whole<K extends string, T>(path: string, name: K): Promise<Record<K, T[]>> {
  const rows: T[] = []
  for (let cursor = ''; ;) {
    const part = await call<Record<K, T[] | undefined> & { next?: string }>('GET',
      path + (cursor && (path.includes('?') ? '&' : '?') + new URLSearchParams({ cursor })))
    rows.push(...part[name] ?? [])
    if (!part.next) return { [name]: rows } as Record<K, T[]>
    cursor = part.next
  }
}

export const api = {
  me: () => call<Me>('GET', 'me'),
  login: (name: string, password: string, code: string) => call<Me>('POST', 'login', { name, password, code }),
  logout: () => call<unknown>('POST', 'logout', {}),
  password: (old: string, next: string) => call<unknown>('POST', 'password', { old, new: next }),
  waiting: (alone?: boolean) => call<{ waiting: number }>('GET', 'overview/waiting', undefined, undefined, alone),
  overview: (alone?: boolean) => call<Overview>('GET', 'overview', undefined, undefined, alone),
  groups: (params: URLSearchParams, signal?: AbortSignal) => call<GroupPage>('GET', 'groups?' + params, undefined, signal),
  findings: (params: URLSearchParams, signal?: AbortSignal) =>
    call<{ findings: Finding[]; next: string }>('GET', 'findings?' + params, undefined, signal),
  counts: (params: URLSearchParams, signal?: AbortSignal) => call<Counts>('GET', 'counts?' + params, undefined, signal),
  bundles: (params: URLSearchParams, signal?: AbortSignal) => call<{ bundles: Bundle[]; more: boolean }>('GET', 'bundles?' + params, undefined, signal),
  previewQuery: (scope: { q: string; range: string }) => call<QueryPreview>('POST', 'triage/query/preview', { q: scope.q, range: scope.range }),
  decideQuery: (x: { q: string; from: string; to: string; expect: number; change: Omit<Change, 'key' | 'version'> }) =>
    call<{ done: number; left: number; undo: string }>('POST', 'triage/query', x),
  undoQuery: (undo: string) => call<{ done: number; left: number }>('POST', 'triage/undo', { undo }),
  groupFindings: (key: string) =>
    call<{ findings: Finding[]; next: string }>('GET', 'findings?' + new URLSearchParams({ group: key, limit: '20' })),
  finding: (id: string) =>
    call<{ finding: Finding; group: string; triage: Triage; units: string[]; machine: Machine | null }>('GET', 'findings/' + encodeURIComponent(id)),
  transactions: (id: string) => ask<Transactions>('GET', `findings/${encodeURIComponent(id)}/transactions`),
  packets: (id: string) => call<PacketList>('GET', `findings/${encodeURIComponent(id)}/packets`),
  file: (id: string) => ask<FileKnown>('GET', `findings/${encodeURIComponent(id)}/file`),
  triage: (key: string) => call<Triage>('GET', 'triage?' + new URLSearchParams({ key })),
  putTriage: (c: Change) => call<Triage>('PUT', 'triage', c),
  bulk: (changes: Change[]) =>
    call<{ results: { key: string; triage?: Triage; problem?: { code: string; changed_by?: string } }[] }>('POST', 'triage/bulk', { changes }),
  entity: (kind: string, value: string) => call<Entity>('GET', 'entity?' + new URLSearchParams({ kind, value })),
  tunes: () => whole<'tunes', Tune>('tunes', 'tunes'),
  previewTune: (x: TuneRequest) => call<TunePreview>('POST', 'tunes/preview', x),
  addTune: (x: TuneRequest) => call<Tune>('POST', 'tunes', x),
  endTune: (id: string) => call<Tune>('DELETE', 'tunes/' + encodeURIComponent(id)),
  views: () => whole<'views', SavedView>('views', 'views'),
  saveView: (v: Omit<SavedView, 'id' | 'owner'>) =>
    call<SavedView>('POST', 'views', { name: v.name, q: v.q, range: v.range, sort: v.sort, shared: v.shared }),
  dropView: (id: string) => call<SavedView>('DELETE', 'views/' + encodeURIComponent(id)),
  ways: () => call<Ways>('GET', 'login'),
  accounts: () => whole<'accounts', Person>('accounts', 'accounts'),
  createAccount: (name: string, password: string, role: string, units: string[]) => call<Person>('POST', 'accounts', { name, password, role, units }),
  setAccount: (name: string, role: string, units: string[]) => call<Person>('PUT', 'accounts/' + encodeURIComponent(name), { role, units }),
  units: () => call<{ units: Unit[]; version: number }>('GET', 'units'),
  setUnits: (units: Unit[], version: number) => call<{ units: Unit[]; version: number }>('PUT', 'units', { units, version }),
  removeAccount: (name: string) => call<unknown>('DELETE', 'accounts/' + encodeURIComponent(name)),
  resetAccount: (name: string) => call<{ password: string }>('POST', `accounts/${encodeURIComponent(name)}/reset`),
  setUpTOTP: (password: string) => call<{ secret: string; uri: string }>('POST', 'totp', { password }),
  endTOTP: (password: string) => call<unknown>('POST', 'totp/off', { password }),
  confirmTOTP: (code: string) => call<unknown>('POST', 'totp/confirm', { code }),
  sessions: () => whole<'sessions', Session>('sessions', 'sessions'),
  endSession: (id: string) => call<unknown>('DELETE', 'sessions/' + encodeURIComponent(id)),
  tokens: () => whole<'tokens', Token>('tokens', 'tokens'),
  newToken: (name: string, role: string, days: number) => call<Token & { text: string }>('POST', 'tokens', { name, role, days }),
  dropToken: (id: string) => call<unknown>('DELETE', 'tokens/' + encodeURIComponent(id)),
  audit: (before: number) => call<{ entries: AuditEntry[]; before: number; head: { n: number; hash: string } }>('GET', 'audit?before=' + before),
}
