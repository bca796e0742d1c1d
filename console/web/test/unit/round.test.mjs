// What a page asks again and again: one request at a time, what has changed is asked for once more, and a swallowed request is given up.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mock, test } from 'node:test'
import { transformWithEsbuild } from 'vite'

const { code } = await transformWithEsbuild(readFileSync(new URL('../../src/round.ts', import.meta.url), 'utf8'), 'round.ts')
const { Round } = await import('data:text/javascript,' + encodeURIComponent(code))

// rounds is a round with the requests that it has sent and what it has told.
function rounds() {
  const requests = []
  const told = []
  const ask = (alone) => new Promise((answer, fail) => requests.push({ answer, fail, alone }))
  const r = new Round(ask, (x) => told.push(x), (e) => told.push('failed: ' + e))
  return { r, requests, told }
}
const settled = () => new Promise(setImmediate)

test('there is one request at a time', async () => {
  const { r, requests, told } = rounds()
  r.again()
  r.tick()
  r.tick()
  assert.equal(requests.length, 1)
  requests[0].answer('a')
  await settled()
  assert.equal(requests.length, 1)
  r.tick()
  assert.equal(requests.length, 2)
  requests[1].fail('x')
  await settled()
  r.tick()
  requests[2].answer('c')
  await settled()
  assert.deepEqual(told, ['a', 'failed: x', 'c'])
})

test('a request says whether only time has passed', async () => {
  const { r, requests } = rounds()
  r.again()
  requests[0].answer('a')
  await settled()
  r.tick()
  r.again() // behind the one that is open
  requests[1].answer('b')
  await settled()
  requests[2].answer('c')
  await settled()
  r.tick()
  assert.deepEqual(requests.map((x) => x.alone), [false, true, false, true])
})

test('what changes while an answer is to come is asked for once more', async () => {
  const { r, requests, told } = rounds()
  r.tick()
  for (let i = 0; i < 500; i++) r.again()
  assert.equal(requests.length, 1)
  requests[0].answer('before')
  await settled()
  assert.equal(requests.length, 2)
  requests[1].answer('after')
  await settled()
  assert.equal(requests.length, 2)
  assert.deepEqual(told, ['before', 'after'])
})

test('nothing is told or sent of a page that was left', async () => {
  const { r, requests, told } = rounds()
  r.tick()
  r.again()
  r.leave()
  requests[0].answer('late')
  await settled()
  assert.deepEqual([requests.length, told], [1, []])
})

test('a request that a line has swallowed holds nothing up, and its late answer replaces no newer one', async () => {
  mock.timers.enable({ apis: ['Date'] })
  try {
    const { r, requests, told } = rounds()
    r.tick()
    mock.timers.tick(59_000)
    r.tick()
    assert.equal(requests.length, 1)
    mock.timers.tick(1000)
    r.tick()
    assert.equal(requests.length, 2)
    requests[1].answer('new')
    await settled()
    requests[0].answer('old')
    await settled()
    assert.deepEqual(told, ['new'])
    r.tick()
    mock.timers.tick(60_000)
    r.tick()
    requests[2].answer('slow')
    await settled()
    r.tick() // the one behind it is still to come
    requests[3].answer('slower')
    await settled()
    assert.deepEqual([requests.length, told], [4, ['new', 'slow', 'slower']])
  } finally {
    mock.timers.reset()
  }
})
