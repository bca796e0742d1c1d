// What can stand at a place of a query: names of fields, and behind one its values.
import { term, type Field } from './parts/pivot'

export interface Offer {
  text: string // stands in the place of the word
  kind?: Field // of a value
  value: string
  count?: number
}

// fixed are the fields whose values are the language's own.
export const fixed: Partial<Record<Field, string[]>> = {
  severity: ['critical', 'high', 'medium', 'low'],
  status: ['new', 'seen', 'escalated', 'closed'],
  source: ['fraud', 'signature', 'yara', 'behaviour', 'health'],
}

// names are all fields, those that are asked for most first.
export const names: Field[] = ['severity', 'status', 'src', 'dst', 'ip', 'host', 'rule', 'brand', 'source', 'unit', 'sensor', 'campaign', 'chain', 'sha256', 'ja4', 'cert',
  'technique', 'stage', 'as', 'country']

export interface Word {
  from: number
  to: number
  not: string // '-' before a field
  field?: Field // that stands before the value
  head: string // what is kept: minus, field, operator and the values before the last comma
  begun: string // of a name or a value
}

// wordAt is the word that the caret stands in or behind.
export function wordAt(text: string, caret: number): Word {
  let from = 0
  let quoted = false
  for (let i = 0; i < caret; i++) {
    if (text[i] === '"') quoted = !quoted
    else if (/\s/.test(text[i]) && !quoted) from = i + 1
  }
  let to = caret
  while (to < text.length && (quoted ? text[to] !== '"' : !/\s/.test(text[to]))) to++
  if (quoted && to < text.length) to++
  const m = /^(-?)(?:([a-z0-9_]+)(>=|<=|[<>:=]))?(.*)$/is.exec(text.slice(from, caret))
  const field = names.find((n) => n === m?.[2]?.toLowerCase())
  const rest = m?.[4] ?? ''
  const done = field ? rest.lastIndexOf(',') + 1 : 0
  return { from, to, not: m?.[1] ?? '', field, head: text.slice(from, caret).slice(0, text.slice(from, caret).length - rest.length + done),
    begun: (m?.[2] && !field ? '\n' : rest.slice(done)).replace(/^"/, '').toLowerCase() }
}

// offers are what fits, at most ten. known are values that findings have.
export function offers(word: Word, known: Partial<Record<Field, { name: string; count?: number }[]>>): Offer[] {
  const { field, begun } = word
  if (!field) return names.filter((n) => n.startsWith(begun) && n !== begun).slice(0, 10).map((n) => ({ text: word.not + n + (n === 'severity' && !word.not ? '>=' : ':'), value: n }))
  const list = fixed[field]?.map((name) => ({ name, count: undefined })) ?? known[field] ?? []
  return list.filter((v) => v.name.toLowerCase().includes(begun) && v.name.toLowerCase() !== begun).slice(0, 10)
    .map((v) => ({ text: word.head + term(field, v.name).slice(field.length + 1), kind: field, value: v.name, count: v.count }))
}
