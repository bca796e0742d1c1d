// Which parts of a rule a finding's reasons speak of.
import type { Reason } from './api'
import { decode, type Hit } from './bytes'

// written is what the text of a content stands for: |41 42| are bytes in hex, a backslash takes the next letter as it is.
function written(text: string): number[] {
  const out: number[] = []
  const letters = new TextEncoder()
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '|') {
      const end = text.indexOf('|', i + 1)
      for (const h of text.slice(i + 1, end < 0 ? undefined : end).match(/[0-9a-f]{2}/gi) ?? []) out.push(parseInt(h, 16))
      i = end < 0 ? text.length : end
    } else {
      if (text[i] === '\\') i++
      out.push(...letters.encode(text[i] ?? ''))
    }
  }
  return out
}

const lower = (b: number) => (b >= 0x41 && b <= 0x5a ? b + 0x20 : b)

// matchedBy is the reason that a content or an expression of the rule gave, if it gave one. Strings of YARA have no keyword; wide
// ones match with zeros between.
export function matchedBy(reasons: Reason[], keyword: string, value: string): Reason | undefined {
  const text = value.replace(/^"|"$/g, '')
  if (keyword === 'pcre') {
    const source = text.slice(text.indexOf('/') + 1, text.lastIndexOf('/'))
    return source === '' ? undefined : reasons.find((r) => r.en.includes(`/${source}/`))
  }
  if (!['content', 'uricontent', ''].includes(keyword)) return undefined
  const want = written(text)
  return reasons.find((r) => {
    const at = (r.offset ?? 0) - (r.excerpt_offset ?? 0)
    const bytes = r.excerpt ? decode(r.excerpt).subarray(at, at + (r.length ?? 0)) : new Uint8Array()
    const got = keyword === '' && bytes.length === 2 * want.length ? bytes.filter((b) => b !== 0) : bytes
    return want.length > 0 && got.length === want.length && want.every((b, i) => lower(b) === lower(got[i]))
  })
}

const enough = 6 // bytes that are found in a packet by chance no more

// hitsIn finds in a packet's bytes what the reasons show. Short matches are looked for with the bytes around them.
export function hitsIn(bytes: Uint8Array, reasons: Reason[]): Hit[] {
  const text = String.fromCharCode(...bytes)
  return reasons.flatMap((r) => {
    const excerpt = r.excerpt ? String.fromCharCode(...decode(r.excerpt)) : ''
    const at = (r.offset ?? 0) - (r.excerpt_offset ?? 0)
    const length = Math.min(r.length ?? 0, excerpt.length - at)
    const around = Math.max(0, Math.ceil((enough - length) / 2))
    const begin = Math.max(0, at - around)
    const needle = excerpt.slice(begin, at + length + around)
    const found = length > 0 && needle.length >= Math.min(enough, excerpt.length) ? text.indexOf(needle) : -1
    return found < 0 ? [] : [{ from: found + at - begin, length }]
  })
}
