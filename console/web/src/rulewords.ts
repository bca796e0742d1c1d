// What the engine says about rules, in the reader's language. It says so in English; a sentence that is not known here stays.
import type { Key, Words } from './i18n'

const sentences: [RegExp, Key][] = [
  [/^each packet that its header selects$/, 'engine.when.packet'],
  [/^the addresses, once a flow and direction$/, 'engine.when.address'],
  [/^the protocol, once it is known$/, 'engine.when.protocol'],
  [/^the reassembled stream$/, 'engine.when.stream'],
  [/^transactions, as they change$/, 'engine.when.transaction'],
  [/^no content can be searched for beforehand: every packet that the header selects is evaluated$/, 'engine.slow.packet'],
  [/^no content can be searched for beforehand: everything of its protocol is evaluated$/, 'engine.slow.protocol'],
  [/^the fast pattern has (?<n>\d+) bytes and occurs by chance$/, 'engine.slow.short'],
  [/^the fast pattern stands in most messages of its protocol$/, 'engine.slow.everywhere'],
  [/^its expressions run without a content that has to be there first$/, 'engine.slow.expression'],
  [/^it looks at a transaction and at the raw stream, which have to be held together$/, 'engine.slow.both'],
  [/^unknown keyword "?(?<what>[^"]+)"?$/, 'engine.fault.keyword'],
  [/^sid (?<n>\d+) is already used by the rule in line (?<line>\d+) of (?<file>.+)$/, 'engine.fault.sid'],
  [/^rulebook: no packets were kept in that time$/, 'error.packets_time'],
  [/^did you mean "?(?<what>[^"?]+)"?\??$/, 'engine.hint.mean'],
]

export function said(text: string, { t }: Words): string {
  for (const [pattern, key] of sentences) {
    const m = pattern.exec(text)
    if (m) return t(key, m.groups ?? {})
  }
  return text
}

// seconds writes a time that may be shorter than anybody can see.
export function seconds(us: number, { t, number }: Words): string {
  return us < 10_000 ? t('engine.short') : t('engine.seconds', { n: number(us / 1e6, us < 1e7 ? 2 : 0) })
}

const parts: [RegExp, Key][] = [
  [/(\d+) contents?\b/g, 'engine.look.content'],
  [/(\d+) expressions?\b/g, 'engine.look.expression'],
  [/(\d+) other checks?\b/g, 'engine.look.other'],
  [/(\d+) conditions?\b/g, 'engine.look.condition'],
]

// looksAt is one line of what a rule looks at: a buffer and what is sought there.
export function looksAt(line: string, { t }: Words): string {
  const [, buffer, rest] = /^(.*?): (.*)$/.exec(line) ?? ['', line, '']
  const name = buffer === 'packet and flow' ? t('engine.look.packet') : buffer.replace(' (transformed)', ' ' + t('engine.look.transformed'))
  return name + ': ' + parts.reduce((s, [p, key]) => s.replace(p, (_, n: string) => t(key, { n })), rest)
}
