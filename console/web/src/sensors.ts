// Sensors and what they lost, as the server documents them.
import { call, type Text } from './api'

export interface Loss {
  id: string
  sensor: string
  interface: string
  from: string
  to: string
  severity: number
  share: number
  text: Text
  stages: (Text & { weight: number })[]
}

export interface Capture {
  name: string
  packets: number
  bytes: number
  flows: number
  dropped: number
  parser_bugs: number
  lost: Record<string, number>
  lines?: number // of the log of another sensor, which has no packets
  records?: number
  unreadable?: number
}

export interface Issue {
  code: string
  state: 'warning' | 'critical'
  n?: number
  detail?: string
  text?: Text
}

interface Version {
  number: number
  hash: string
}

interface Lane {
  records: number
  bytes: number
  waited: number
  dropped: number
}

export interface Sensor {
  name: string
  version: string
  seen: string
  skew_ms: number
  spool: { findings: Lane; telemetry: Lane; trouble?: string }
  lag?: { records: number; oldest_seconds: number }
  rules?: { running?: Version; wanted?: Version; error?: string; loaded: number; rejected: number }
  own: boolean
  captures: Capture[]
  kept?: Record<string, number>
  losses: Loss[]
  issues: Issue[]
}

export const sensors = {
  list: (alone?: boolean) => call<{ sensors: Sensor[]; now: string; more: boolean }>('GET', 'sensors', undefined, undefined, alone),
  losses: (window: URLSearchParams, signal?: AbortSignal) => call<{ losses: Loss[]; more: boolean }>('GET', 'losses?' + window, undefined, signal),
}
