// Times on the pages are those of Vietnam, whatever the browser's zone is; UTC stands in the hover text.
const zone = 'Asia/Ho_Chi_Minh'

const parts = new Intl.DateTimeFormat('en-GB', {
  timeZone: zone, day: '2-digit', month: '2-digit', year: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23',
})

function fields(iso: string): Record<string, string> | null {
  const d = new Date(iso)
  if (Number.isNaN(d.getTime()) || d.getUTCFullYear() < 1970) return null
  return Object.fromEntries(parts.formatToParts(d).map((p) => [p.type, p.value]))
}

// dateTime is dd/MM/yyyy HH:mm.
export function dateTime(iso: string): string {
  const f = fields(iso)
  return f ? `${f.day}/${f.month}/${f.year} ${f.hour}:${f.minute}` : '–'
}

// clock is HH:mm:ss.
export function clock(iso: string): string {
  const f = fields(iso)
  return f ? `${f.hour}:${f.minute}:${f.second}` : '–'
}

// milli is HH:mm:ss.SSS.
export function milli(iso: string): string {
  return clock(iso) + '.' + (/\.(\d+)/.exec(iso)?.[1] ?? '').padEnd(3, '0').slice(0, 3)
}

// span is a range, with the date once when both ends are on one day.
export function span(from: string, to: string): string {
  const a = dateTime(from)
  const b = dateTime(to)
  if (a === b || b === '–') return a
  return a.slice(0, 10) === b.slice(0, 10) ? `${a}–${b.slice(11)}` : `${a} – ${b}`
}

export function utc(iso: string): string {
  const d = new Date(iso)
  return Number.isNaN(d.getTime()) ? '–' : d.toISOString().replace('T', ' ').replace(/\.\d+Z$/, '')
}

// Vietnam has had no summer time since 1975, so that times typed on the pages are seven hours ahead of UTC.
const offset = '+07:00'

// momentText is a time as a field holds it: dd/MM/yyyy HH:mm, with seconds when there are some.
export function momentText(iso: string): string {
  const f = fields(iso)
  return f ? `${dateTime(iso)}${f.second === '00' ? '' : ':' + f.second}` : ''
}

// wholeMinute is the minute in which a time lies; '' of what is no time.
export function wholeMinute(iso: string): string {
  const at = Date.parse(iso)
  return Number.isNaN(at) ? '' : new Date(Math.floor(at / 60_000) * 60_000).toISOString()
}

const vietnamese = /^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})[\s,]+(\d{1,2})[:h](\d{2})(?::(\d{2}))?$/
const timeFirst = /^(\d{1,2})[:h](\d{2})(?::(\d{2}))?[\s,]+(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})$/
const international = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?$/

// readMoment reads what somebody has typed or pasted, as RFC 3339: '' for nothing, null for what is no time. The day comes first,
// or the time of day; a copied RFC 3339 keeps its zone, and everything else is Vietnam's time.
export function readMoment(text: string): string | null {
  const s = text.trim()
  if (s === '') return ''
  let m = international.exec(s)
  if (m) return valid(m[1], m[2], m[3], m[4], m[5], m[6], m[7])
  m = vietnamese.exec(s)
  if (m) return valid(m[3], m[2], m[1], m[4], m[5], m[6])
  m = timeFirst.exec(s)
  return m && valid(m[6], m[5], m[4], m[1], m[2], m[3])
}

// valid puts the parts of a time together, null when there is no such day or hour.
function valid(year: string, month: string, day: string, hour: string, minute: string, second = '00', zone = offset): string | null {
  const pad = (n: string) => n.padStart(2, '0')
  const date = `${year}-${pad(month)}-${pad(day)}`
  const at = new Date(`${date}T00:00:00Z`) // of 31 February it is 3 March, or none
  if (Number(year) < 1970 || Number.isNaN(at.getTime()) || at.toISOString().slice(0, 10) !== date || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null
  const iso = `${date}T${pad(hour)}:${minute}:${second}${zone}`
  return Number.isNaN(Date.parse(iso)) ? null : iso
}
