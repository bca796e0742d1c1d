// A rule with its parts told apart, and a text with the place that is wrong.
import type { Reason } from '../api'
import { useWords } from '../i18n'
import { matchedBy } from '../matched'
import type { Fault } from '../rules'
import { said } from '../rulewords'

const token = /("(?:\\.|[^"\\])*")|(#.*$)|(?<=[(;]\s*)([\w.-]+)(?=\s*[:;])|(\$\w+|\b\d[\d.:/]*\b)|(->|<>)|^(\s*(?:alert|drop|pass|reject\w*)\b)/gm
const kinds = ['string', 'comment', 'keyword', 'value', 'arrow', 'action']

// RuleText marks what matched, where the reasons of a finding are given.
export function RuleText({ text, reasons = [] }: { text: string; reasons?: Reason[] }) {
  const { lang } = useWords()
  const out = []
  let at = 0
  let keyword = ''
  for (const m of text.matchAll(token)) {
    const kind = kinds[m.slice(1).findIndex((x) => x !== undefined)]
    if (kind === 'keyword') keyword = m[0]
    const why = kind === 'string' && !/!\s*$/.test(text.slice(at, m.index)) ? matchedBy(reasons, keyword, m[0]) : undefined
    const part = why ? <mark title={why[lang]}>{m[0]}</mark> : m[0]
    out.push(text.slice(at, m.index), <span key={m.index} className={'r-' + kind}>{part}</span>)
    at = m.index + m[0].length
  }
  return <pre className="rule" tabIndex={0}>{out}{text.slice(at)}</pre>
}

// FaultList names what cannot be loaded: where, why, what would be right. show leads to the place, where that can be.
export function FaultList({ list, show }: { list: Fault[]; show?: (f: Fault) => void }) {
  const words = useWords()
  const { t } = words
  const where = (f: Fault) => [f.file.replace(/^.*\//, ''), f.line || '', f.line && f.column ? f.column : ''].filter((x) => x !== '').join(':')
  return (
    <ul className="faults">
      {list.map((f, i) => (
        <li key={i}>
          {show ? <button type="button" className="pivot mono" onClick={() => show(f)}>{where(f)}</button> : <span className="mono">{where(f)}</span>}{' '}
          <strong className="failure">{said(f.message, words)}</strong>{f.hint && <span> – {said(f.hint, words)}</span>}
          {f.text && <pre className="rule" tabIndex={0}>{marked(f)}</pre>}
          {f.file.includes('/') && <small className="quiet mono">{t('rules.fault.file', { file: f.file })}</small>}
        </li>
      ))}
    </ul>
  )
}

// marked underlines the word at the fault's column, which counts bytes.
function marked(f: Fault) {
  const text = f.text ?? ''
  if (!f.column) return text
  const before = new TextDecoder().decode(new TextEncoder().encode(text).slice(0, f.column - 1))
  const rest = text.slice(before.length)
  const word = /^[\w.$!-]+|^./s.exec(rest)?.[0] ?? ''
  return <>{before}<u>{word}</u>{rest.slice(word.length)}</>
}
