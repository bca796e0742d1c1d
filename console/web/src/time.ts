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

// vietnamTime is a time as a datetime-local field holds it.
export function vietnamTime(iso: string): string {
  const d = new Date(iso)
  return Number.isNaN(d.getTime()) ? '' : new Date(d.getTime() + 7 * 3_600_000).toISOString().slice(0, 19)
}

// localTime is what such a field holds as RFC 3339, '' when it is no time.
export function localTime(field: string): string {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(field)) return ''
  return (field.length === 16 ? field + ':00' : field) + offset
}
