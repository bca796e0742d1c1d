// What a page waits for before it is shown: what was asked after it began, answered or failed, and nothing else.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { transformWithEsbuild } from 'vite'

const { code } = await transformWithEsbuild(readFileSync(new URL('../../src/asking.ts', import.meta.url), 'utf8'), 'asking.ts')
const { answered, asked, asking, onAnswer } = await import('data:text/javascript,' + encodeURIComponent(code))

test('a page waits for all that it asked, and for nothing that an earlier one left open', async () => {
  asking(new Promise(() => undefined)) // a line has swallowed it
  const since = asked()
  assert.equal(answered(since), true)
  let told = 0
  const leave = onAnswer(() => told++)
  let answer, fail
  asking(new Promise((done) => { answer = done }))
  const failing = asking(new Promise((_, done) => { fail = done }))
  assert.equal(answered(since), false)
  answer()
  await new Promise(setImmediate)
  assert.deepEqual([told, answered(since)], [1, false])
  fail(new Error('refused'))
  await assert.rejects(failing, /refused/) // it is passed on
  assert.deepEqual([told, answered(since)], [2, true])
  leave()
  await asking(Promise.resolve())
  assert.equal(told, 2)
})
