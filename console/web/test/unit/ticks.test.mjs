// The marks of a time axis: whole hours and days of Vietnam in every zone, and not more than have room.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { transformWithEsbuild } from 'vite'

const compiled = async (name) => (await transformWithEsbuild(readFileSync(new URL(`../../src/${name}.ts`, import.meta.url), 'utf8'), name + '.ts')).code
const address = (code) => 'data:text/javascript,' + encodeURIComponent(code)
const { tick, ticks } = await import(address((await compiled('ticks')).replace(/(['"])\.\/time\1/, JSON.stringify(address(await compiled('time'))))))

const home = process.env.TZ
after(() => { if (home === undefined) delete process.env.TZ; else process.env.TZ = home })

test('marks are at whole times of Vietnam', () => {
  for (const zone of ['America/New_York', 'Asia/Kathmandu', 'UTC']) {
    process.env.TZ = zone
    const said = (from, to, pixels) => ticks(Date.parse(from), Date.parse(to), pixels).map(tick).join(' ')
    assert.equal(said('2026-11-29T12:10:00+07:00', '2026-11-30T12:10:00+07:00', 800), '15:00 18:00 21:00 30/11 03:00 06:00 09:00 12:00', zone)
    assert.equal(said('2026-11-30T07:01:00+07:00', '2026-11-30T08:00:00+07:00', 400), '07:15 07:30 07:45 08:00', zone)
    assert.equal(said('2026-11-01T00:00:00+07:00', '2026-11-08T00:00:00+07:00', 900), '01/11 02/11 03/11 04/11 05/11 06/11 07/11 08/11', zone)
  }
})

test('there are never more marks than have room, and none of no time', () => {
  for (const [from, to, pixels] of [[0, 1, 800], [0, 4e12, 800], [5, 5, 100], [0, 86_400_000, 1]]) assert.ok(ticks(from, to, pixels).length <= Math.max(3, pixels / 80 + 1), `${from} ${to}`)
})
