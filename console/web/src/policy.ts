// The interface of blocking policies: what is in force, and what people change over hooks.yaml.
import { call, type Text } from './api'

export interface Protected {
  names?: string[]
  prefixes?: string[]
  hashes?: string[]
  reason: Text
  owner: string
}

interface Auto {
  min_score: number
  evidence: number
}

export interface PolicyNow {
  name: string
  when: { source?: string[]; kind?: string[]; min_score: number; min_severity: number }
  block: string
  action: string
  ttl: string
  off: boolean
  auto?: Auto
  may_auto: boolean
  changed: boolean
}

export interface Version {
  version: number
  time?: string
  user?: string
  reason?: string
}

export interface InForce extends Version {
  mode: string
  file_mode: string
  units: { name: string; prefixes: string[]; mode: string; file_mode: string }[]
  policies: PolicyNow[]
  four_eyes: string[]
  brakes: { automatic: number; window: string; names: number; shrink: number; prefix_v4: number; prefix_v6: number }
  ships: Protected[]
  file: Protected[]
  added: Protected[]
  versions: Version[]
}

export interface Overlay {
  mode?: string
  units: { name: string; mode: string }[]
  policies: { name: string; off: boolean; min_score: number; min_severity: number; auto?: Auto }[]
  never: Protected[]
}

interface Count {
  proposed: number
  automatic: number
  protected: number
}

interface TrialValue {
  kind: string
  value: string
  policy: string
  automatic: boolean
}

export interface Trial {
  findings: number
  partial: boolean
  now: Count
  then: Count
  added: TrialValue[]
  gone: TrialValue[]
  hidden: number
}

export const policies = {
  get: () => call<{ policy: InForce }>('GET', 'blocking/policy'),
  preview: (overlay: Overlay) => call<{ trial: Trial }>('POST', 'blocking/policy/preview', { overlay }),
  set: (overlay: Overlay, on: number, reason: string) => call<{ policy: InForce }>('PUT', 'blocking/policy', { overlay, on, reason }),
  restore: (version: number, on: number, reason: string) => call<{ policy: InForce }>('POST', 'blocking/policy/restore', { version, on, reason }),
}

// Draft is what a form holds: numbers as they are typed, values of an entry as a line.
export interface Draft {
  mode: string
  units: { name: string; mode: string }[]
  policies: { name: string; on: boolean; score: string; severity: string; may: boolean; auto: boolean; autoScore: string; kinds: string; touched: boolean }[]
  never: { values: string; reason: string; en: string; owner: string }[]
}

export const values = (p: Protected) => [...(p.names ?? []), ...(p.prefixes ?? []), ...(p.hashes ?? [])]

export function draftOf(p: InForce): Draft {
  return {
    mode: p.mode,
    units: p.units.map((u) => ({ name: u.name, mode: u.mode })),
    policies: p.policies.map((x) => ({
      name: x.name, on: !x.off, score: String(x.when.min_score), severity: String(x.when.min_severity), may: x.may_auto, auto: x.auto !== undefined,
      autoScore: String(x.auto?.min_score ?? 0.95), kinds: String(x.auto?.evidence ?? 2), touched: x.changed,
    })),
    never: p.added.map((x) => ({ values: values(x).join(', '), reason: x.reason.vi, en: x.reason.en === x.reason.vi ? '' : x.reason.en, owner: x.owner })),
  }
}

const number = (s: string) => Number(s.trim().replace(',', '.') || 'x')
const hash = /^[0-9a-f]{64}$/i
const prefix = /^[0-9.]+(\/\d+)?$|:/

// overlayOf is what a draft says that hooks.yaml does not. What is no number becomes -1, which the server refuses by its field.
export function overlayOf(d: Draft, p: InForce): Overlay {
  const valid = (s: string) => (Number.isFinite(number(s)) ? number(s) : -1)
  return {
    ...(d.mode !== p.file_mode && { mode: d.mode }),
    units: d.units.filter((u, i) => u.mode !== p.units[i].file_mode),
    policies: d.policies.filter((x) => x.touched).map((x) => ({
      name: x.name, off: !x.on, min_score: valid(x.score), min_severity: Number(x.severity),
      ...(x.auto && { auto: { min_score: valid(x.autoScore), evidence: Math.trunc(valid(x.kinds)) } }),
    })),
    never: d.never.map((x) => {
      const list = x.values.split(/[\s,;]+/).filter((s) => s !== '')
      return {
        names: list.filter((s) => !hash.test(s) && !prefix.test(s)), prefixes: list.filter((s) => prefix.test(s)), hashes: list.filter((s) => hash.test(s)),
        reason: { vi: x.reason.trim(), en: x.en.trim() }, owner: x.owner.trim(),
      }
    }),
  }
}
