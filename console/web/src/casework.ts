// Work on cases and shifts as the server documents it: who does what, frozen evidence, what happened when, the hand-over.
import { call, type Text } from './api'
import type { Case, Clock, Task } from './reporting'

export interface Want {
  text: string
  assignee: string
  due?: string
  done: boolean
}

export interface Frozen {
  path: string
  sha256: string
  size: number
  source: string
  collector: string
  acquired_at: string
  of: 'packets' | 'file' | 'finding'
  finding: string
  name?: string
  part?: boolean
  state: 'whole' | 'broken' | 'missing'
}

export interface Evidence {
  frozen: Frozen[]
  used: number
  max: number
  case_max: number
  password: string
}

export interface Freezing {
  frozen: Frozen[]
  known: number
  skipped: { finding: string; of: string; why: string }[]
  more: boolean
}

export interface Moment {
  at?: string
  kind: string
  visibility?: string
  stage?: string
  what?: Text
  text?: string
  by?: string
  finding?: string
  count?: number
}

export interface CustodyEvent {
  seq: number
  evidence: string
  action: string
  at: string
  from: { name?: string; unit?: string }
  to: { name?: string; unit?: string }
  purpose: string
  place?: string
  seal_no?: string
}

export interface Target {
  id: string
  kind: string
  value: string
  state: string
  moves: { at: string; by: string; to: string; note?: string }[]
  probes?: { at: string; up: boolean; status?: number; why?: string }[]
}

export interface Waiting {
  total: number
  bands: number[]
}

export interface Block {
  id: string
  kind: string
  value: string
  state: string
  at: string
  expires: string
  reason: Text
}

export interface Sheet {
  from: string
  to: string
  cases: { id: string; title: string; unit?: string; owner?: string; opened: string; tasks: number; next?: Clock }[]
  tasks: (Task & { case: string; late?: boolean })[]
  watch: { case: string; kind: string; value: string; until: string; note: string; by: string }[]
  aging: {
    new: Waiting
    escalated: Waiting
    unassigned: number
    looked: number
    oldest: { group: string; finding: string; summary: Text; severity: number; status: string; since: string; assignee?: string }[]
    partial: boolean
  }
  gaps: { sensor: string; from: string; to: string; summary: Text; finding: string }[]
  blocked: Block[]
  expiring: Block[]
  blocking: boolean
  of: { cases: number; tasks: number; watch: number; gaps: number; blocked: number; expiring: number }
}

export interface Signature {
  by: string
  at: string
  text?: string
}

export interface Handover {
  id: string
  from: string
  to: string
  leaving: Signature
  taking?: Signature
}

const at = (id: string, rest: string) => `cases/${encodeURIComponent(id)}${rest}`

export const frozenFile = (id: string, sha256: string) => '/api/v1/' + at(id, '/evidence/' + sha256)

export const work = {
  reopen: (id: string, reason: string) => call<Case>('POST', at(id, '/reopen'), { reason }),
  owner: (id: string, owner: string) => call<Case>('PUT', at(id, '/owner'), { owner }),
  join: (id: string, name: string) => call<Case>('PUT', at(id, '/members/' + encodeURIComponent(name))),
  leave: (id: string, name: string) => call<Case>('DELETE', at(id, '/members/' + encodeURIComponent(name))),
  addTask: (id: string, w: Want) => call<Case>('POST', at(id, '/tasks'), w),
  setTask: (id: string, task: number, w: Want) => call<Case>('PUT', at(id, `/tasks/${task}`), w),
  dropTask: (id: string, task: number) => call<Case>('DELETE', at(id, `/tasks/${task}`)),
  addEntity: (id: string, kind: string, value: string, note: string) => call<Case>('POST', at(id, '/entities'), { kind, value, note }),
  dropEntity: (id: string, kind: string, value: string) => call<Case>('DELETE', at(id, '/entities?' + new URLSearchParams({ kind, value }))),
  watch: (id: string, kind: string, value: string, note: string, until?: string) => call<Case>('PUT', at(id, '/entities/watch'), { kind, value, note, until }),
  found: (id: string) => call<{ entities: { kind: string; value: string; findings: number }[] }>('GET', at(id, '/entities/found')),
  timeline: (id: string) => call<{ moments: Moment[]; more: boolean }>('GET', at(id, '/timeline')),
  evidence: (id: string) => call<Evidence>('GET', at(id, '/evidence')),
  freeze: (id: string, findings: string[]) => call<Freezing>('POST', at(id, '/evidence'), { findings }),
  custody: (id: string) => call<{ events: CustodyEvent[] }>('GET', at(id, '/custody')),
  takedown: (id: string) => call<{ targets: Target[] }>('GET', 'reports/takedown?' + new URLSearchParams({ case: id })),
  sheet: (from: string, to: string) => call<Sheet>('GET', 'handover?' + new URLSearchParams({ ...(from && { from }), ...(to && { to }) })),
  handovers: () => call<{ handovers: Handover[] }>('GET', 'handovers'),
  handover: (id: string) => call<{ handover: Handover; sheet: Sheet; whole: boolean }>('GET', 'handovers/' + encodeURIComponent(id)),
  sign: (from: string, to: string, text: string) => call<Handover>('POST', 'handovers', { from, to, text }),
  take: (id: string, text: string) => call<Handover>('POST', `handovers/${encodeURIComponent(id)}/take`, { text }),
}
