// Times that people type: what is read, what is refused, and that the browser's own zone does not matter.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { transformWithEsbuild } from 'vite'

const { code } = await transformWithEsbuild(readFileSync(new URL('../../src/time.ts', import.meta.url), 'utf8'), 'time.ts')
const { momentText, readMoment, wholeMinute } = await import('data:text/javascript,' + encodeURIComponent(code))

const home = process.env.TZ
after(() => { if (home === undefined) delete process.env.TZ; else process.env.TZ = home })
const zones = ['Asia/Ho_Chi_Minh', 'America/New_York', 'Pacific/Kiritimati', 'UTC']
const everywhere = (f) => zones.forEach((z) => { process.env.TZ = z; f(z) })

test('what is typed or pasted is Vietnam\'s time, wherever the browser is', () => everywhere((zone) => {
  for (const [text, want] of [
    ['05/03/2026 07:05', '2026-03-05T07:05:00+07:00'],
    ['5/3/2026 7:05', '2026-03-05T07:05:00+07:00'],
    ['  5/3/2026,  7:05  ', '2026-03-05T07:05:00+07:00'],
    ['05/03/2026 07:05:09', '2026-03-05T07:05:09+07:00'],
    ['5.3.2026 7h05', '2026-03-05T07:05:00+07:00'],
    ['5-3-2026 07:05', '2026-03-05T07:05:00+07:00'],
    ['7:05 5/3/2026', '2026-03-05T07:05:00+07:00'],
    ['29/02/2028 00:00', '2028-02-29T00:00:00+07:00'],
    ['31/12/2026 23:59:59', '2026-12-31T23:59:59+07:00'],
    ['2026-03-05 07:05', '2026-03-05T07:05:00+07:00'],
    ['2026-03-05T07:05:09', '2026-03-05T07:05:09+07:00'],
    ['2026-03-05T00:05:09.123Z', '2026-03-05T00:05:09Z'],
    ['2026-03-05T07:05:09-05:00', '2026-03-05T07:05:09-05:00'],
    ['', ''], ['   ', ''],
  ]) assert.equal(readMoment(text), want, `${text} in ${zone}`)
}))

test('what is no time is refused', () => {
  for (const text of ['5/3/2026', '7:05', '31/02/2026 07:05', '29/02/2026 07:05', '00/03/2026 07:05', '5/13/2026 7:05', '5/3/2026 24:00', '5/3/2026 7:60', '5/3/2026 7:05:60', '5/3/26 7:05',
    '5/3/2026 7:5', '5/3/2026 7:05 PM', '5/3/1899 7:05', '2026-13-05 07:05', '2026-03-05T07:05+99:00', 'hôm qua', '05/03/2026 07:05 x', '1'.repeat(40)]) assert.equal(readMoment(text), null, text)
})

test('a time is written as it is read', () => everywhere((zone) => {
  for (const [iso, want] of [['2026-03-05T00:05:00Z', '05/03/2026 07:05'], ['2026-03-05T17:00:01Z', '06/03/2026 00:00:01'], ['2026-03-05T07:05:00+07:00', '05/03/2026 07:05'], ['', ''], ['x', '']]) {
    assert.equal(momentText(iso), want, `${iso} in ${zone}`)
    if (want) assert.equal(Date.parse(readMoment(want)), Date.parse(iso))
  }
  assert.equal(wholeMinute(''), '')
  assert.equal(wholeMinute('2026-03-05T00:05:59.999Z'), '2026-03-05T00:05:00.000Z')
}))
