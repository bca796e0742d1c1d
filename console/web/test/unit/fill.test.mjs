// Values in texts, and the words that hang on them.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { transformWithEsbuild } from 'vite'

const { code } = await transformWithEsbuild(readFileSync(new URL('../../src/i18n/fill.ts', import.meta.url), 'utf8'), 'fill.ts')
const { fill } = await import('data:text/javascript,' + encodeURIComponent(code))

test('one group, several groups', () => {
  const text = '{n} {n|group was|groups were} closed by {user}'
  assert.equal(fill(text, { n: 1, user: 'an' }), '1 group was closed by an')
  assert.equal(fill(text, { n: '1', user: 'an' }), '1 group was closed by an')
  for (const n of [0, 2, 21, '1,000']) assert.equal(fill(text, { n, user: 'an' }), `${n} groups were closed by an`)
})

test('a value is text, and a missing one leaves its place', () => {
  assert.equal(fill('{a} and {b}', { a: '{b|x|y} $& {a}' }), '{b|x|y} $& {a} and {b}')
  assert.equal(fill('{n|one|more} {toString}'), '{n|one|more} {toString}')
})
