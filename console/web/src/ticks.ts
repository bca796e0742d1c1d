// Where the marks of a time axis stand: at whole minutes, hours and days of Vietnam, whatever the browser's zone is.
import { dateTime } from './time'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const ahead = 7 * hour // of UTC
const steps = [minute, 5 * minute, 15 * minute, 30 * minute, hour, 2 * hour, 3 * hour, 6 * hour, 12 * hour, day, 2 * day, 7 * day, 14 * day, 30 * day, 90 * day]
const year = 365 * day
const room = 80 // pixels of a mark

// ticks are the marks of a range in milliseconds that have room on so many pixels.
export function ticks(from: number, to: number, pixels: number): number[] {
  const most = Math.max(2, Math.floor(pixels / room))
  const step = steps.find((s) => (to - from) / s <= most) ?? Math.ceil((to - from) / most / year) * year
  const out: number[] = []
  for (let at = Math.ceil((from + ahead) / step) * step - ahead; at <= to; at += step) out.push(at)
  return out
}

// tick is a mark in words: the date at midnight, the time of day at other times.
export function tick(at: number): string {
  const s = dateTime(new Date(at).toISOString())
  return s.endsWith('00:00') ? s.slice(0, 5) : s.slice(11)
}
