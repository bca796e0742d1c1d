// Decisions about groups from the inbox, with their undo.
import { api, type Change, type Group } from './api'

export interface Outcome {
  done: number
  conflict?: string // who was faster
  undo: () => Promise<number>
}

// decide changes groups whose state is still what the row showed, and returns how to take it back.
export async function decide(groups: Group[], change: Omit<Change, 'key' | 'version'>): Promise<Outcome> {
  const before = await Promise.all(groups.map((g) => api.triage(g.key)))
  let conflict: string | undefined
  const changes: Change[] = []
  before.forEach((b, i) => {
    if (b.status === groups[i].status) changes.push({ ...change, key: b.key, version: b.version })
    else conflict = b.history.at(-1)?.user ?? '?'
  })
  if (changes.length === 0) return { done: 0, conflict, undo: async () => 0 }
  const { results } = await api.bulk(changes)
  const back: Change[] = []
  for (const r of results) {
    const was = before.find((b) => b.key === r.key)
    if (r.problem) conflict = r.problem.changed_by ?? '?'
    if (r.triage && was) back.push({ key: r.key, version: r.triage.version, status: was.status, verdict: was.verdict ?? '', reason: was.reason ?? '' })
  }
  return {
    done: back.length,
    conflict,
    undo: async () => (await api.bulk(back)).results.filter((r) => r.triage).length,
  }
}
