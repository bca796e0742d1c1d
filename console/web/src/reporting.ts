// Cases, deadlines, forms and reports as the server documents them, and the calls for them.
import { call, whole } from './api'

export interface Case {
  id: string
  title: string
  unit?: string
  status: 'open' | 'closed'
  findings: string[]
  notes?: { time: string; user: string; text: string }[]
  owner?: string
  members?: string[]
  tasks?: Task[]
  entities?: CaseEntity[]
  opened: string
  closed?: string
  history: { time: string; user: string; what: string }[]
  version: number
}

export interface Task {
  id: number
  text: string
  assignee?: string
  due?: string
  by: string
  time: string
  done?: string
  done_by?: string
}

export interface CaseEntity {
  kind: string
  value: string
  note?: string
  by: string
  time: string
  watch?: { until: string; note: string; by: string; time: string }
}

export interface Origin {
  kind: 'finding' | 'case' | 'profile' | 'decision' | 'person' | 'computed' | ''
  ref?: string
  by?: string
  at?: string
}

export interface Fact {
  values?: string[]
  rows?: string[][]
  from: Origin
}

export interface Sent {
  at: string
  by: string
  via: string
  receipt?: string
  late_reason?: string
}

export interface Clock {
  case?: string
  title?: string
  duty: string
  title_vi: string
  title_en: string
  form?: string
  started_at: string
  due_at: string
  state: 'running' | 'overdue' | 'done' | 'late'
  warned: number[]
  sent?: Sent
  verified: boolean
}

export interface Incident {
  case: string
  pack: string
  title: string
  detected: string
  facts: Record<string, Fact>
  confirmed?: Record<string, { by: string; at: string; reason?: string }>
  history?: { at: string; by: string; what: string; old?: string; new?: string }[]
  version: number
}

export interface IncidentView {
  incident: Incident
  clocks: Clock[]
}

export interface Standing {
  status?: string
  valid_from?: string
  valid_to?: string
  confidence: string
  checked_on?: string
}

export interface Field {
  key: string
  label: string
  en: string
  type: string
  required: boolean
  hint?: string
  map: string
  options?: { code: string; vi: string; text?: boolean }[]
  columns?: { vi: string; width: number }[]
}

export interface Value extends Field {
  values?: string[]
  ticked?: Record<string, string>
  rows?: string[][]
  from?: Origin
}

export interface Filled {
  form: string
  title: string
  basis: string[]
  unverified: string[]
  sections: { title: string; text?: string; fields: Value[] }[]
  missing?: { key: string; map: string; label: string; en: string }[]
}

export interface Form extends Standing {
  id: string
  version: string
  title: string
  en: string
  basis: string[]
  recipients?: string[]
  suggested?: boolean
  sections: { title: string; fields: Field[] }[]
}

export interface Pack extends Standing {
  id: string
  title: string
  version: string
  note?: string
  citations: ({ id: string; vi: string; en?: string } & Standing)[]
  recipients: ({ id: string; vi: string; en: string; note?: string } & Standing)[]
  severities: ({ id: string; vi: string; en: string; rule: string } & Standing)[]
  duties: ({ id: string; vi: string; en: string; from: string; to: string[]; form?: string; basis: string[] } & Standing)[]
}

export interface Regime {
  pack: Pack
  forms: Form[]
}

export interface Issued {
  id: string
  case: string
  form: string
  pack: string
  title: string
  printed_number: string
  edition: number
  by: string
  at: string
  tlp: string
  set: { name: string; files: { name: string; sha256: string; size: number }[]; warnings?: string[]; manifest: string }
}

export interface FormRef {
  pack: string
  form: string
}

// verified says whether one may rely on a fact of the law without looking again.
export const verified = (s: Standing) => s.confidence === 'S' || s.confidence === 'K'

const at = (id: string, rest = '') => `cases/${encodeURIComponent(id)}${rest}`
const query = (values: Record<string, string>) => '?' + new URLSearchParams(values)

export const previewPDF = (id: string, f: FormRef) => '/api/v1/' + at(id, '/preview.pdf') + query({ pack: f.pack, form: f.form })
export const calendar = (id: string, pack: string) => '/api/v1/' + at(id, '/clocks.ics') + query({ pack })
export const issuedFile = (id: string, name: string) => `/api/v1/reports/${encodeURIComponent(id)}/files/${encodeURIComponent(name)}`

export const reporting = {
  cases: (status: string) => whole<'cases', Case>('cases' + (status && query({ status })), 'cases'),
  create: (title: string, unit: string, findings: string[]) => call<Case>('POST', 'cases', { title, unit, findings }),
  get: (id: string) => call<Case>('GET', at(id)),
  addFindings: (id: string, findings: string[]) => call<Case>('POST', at(id, '/findings'), { findings }),
  addNote: (id: string, text: string) => call<Case>('POST', at(id, '/notes'), { text }),
  close: (id: string, reason: string) => call<Case>('POST', at(id, '/close'), { reason }),
  incident: (id: string, pack: string) => call<IncidentView>('GET', at(id, '/incident') + query({ pack })),
  edit: (id: string, pack: string, version: number, facts: { key: string; values: string[]; rows: string[][] }[]) =>
    call<IncidentView>('PUT', at(id, '/incident'), { pack, version, facts }),
  confirm: (id: string, pack: string, version: number, what: string, reason: string) =>
    call<IncidentView>('POST', at(id, '/confirm'), { pack, version, what, reason }),
  sent: (id: string, pack: string, version: number, x: { duty: string; at: string; via: string; receipt: string; late_reason: string }) =>
    call<IncidentView>('POST', at(id, '/sent'), { pack, version, ...x }),
  clocks: (id: string, pack: string) => call<{ detected: string; clocks: Clock[] }>('GET', at(id, '/clocks') + query({ pack })),
  preview: (id: string, f: FormRef) => call<Filled>('GET', at(id, '/preview') + query({ pack: f.pack, form: f.form })),
  forms: () => call<{ packs: Regime[] }>('GET', 'reports/forms'),
  pack: (id: string) => call<{ text: string; version: number }>('GET', 'reports/packs/' + encodeURIComponent(id)),
  editPack: (id: string, text: string, version: number) => call<{ version: number }>('PUT', 'reports/packs/' + encodeURIComponent(id), { text, version }),
  allClocks: () => whole<'clocks', Clock>('reports/clocks', 'clocks'),
  issued: (id: string) => whole<'reports', Issued>('reports' + query({ case: id }), 'reports'),
  issue: (id: string, f: FormRef) => call<Issued>('POST', 'reports', { case: id, pack: f.pack, form: f.form }),
}
