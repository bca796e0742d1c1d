// Answers that come late, each at another time, move nothing that a page already shows: a click whose button moves between
// press and release is lost, and so is what was typed into a list that then comes.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { close, late, logIn, open, page, problems, url } from './harness.mjs'

const seed = 20261130
const lateMS = 400
let story, dossier // a finding's id, and a case's

before(async () => {
  await open()
  await logIn()
  const { findings } = await (await page.request.get(url + '/api/v1/findings?q=rule:credential_post&limit=1')).json()
  story = findings[0].event.id
  const made = await page.request.post(url + '/api/v1/cases', { data: { title: 'Vụ việc', unit: 'Sở Y tế', findings: [story] } })
  assert.ok(made.ok(), await made.text())
  dossier = (await made.json()).id
  await page.addInitScript(() => {
    globalThis.moved = []
    new PerformanceObserver((list) => {
      for (const shift of list.getEntries()) {
        globalThis.moved.push(...shift.sources.map(({ node, previousRect: a, currentRect: b }) => {
          const what = node?.nodeType === Node.ELEMENT_NODE ? node : node?.parentElement
          return `${what?.tagName} ${what?.className} "${what?.textContent.slice(0, 30)}" from ${a.x},${a.y} to ${b.x},${b.y}`
        }))
      }
    }).observe({ type: 'layout-shift', buffered: true })
  })
  await late(seed, lateMS)
})
after(close)

const pages = () => ['/', '/inbox', '/inbox?range=all&by=unit', '/inbox?range=all&by=campaign', '/find?q=severity>=low&range=all', '/finding/' + story,
  '/entity/ip/10.20.3.14', '/entity/host/vneid-gov.example', '/cases', '/cases/' + dossier, '/reports', '/packs', '/handover', '/blocking', '/blocking?state=ended',
  '/sensors', '/rules', '/tunes', '/admin']

test('nothing moves when answers come late', async () => {
  for (const path of pages()) {
    await page.goto(url + path)
    await page.locator('main .page:visible').first().waitFor()
    await page.waitForLoadState('networkidle')
    assert.deepEqual(await page.evaluate(() => globalThis.moved), [], path)
  }
})

test('one slow answer does not hide the others', async () => {
  let answer
  await page.route(/\/api\/v1\/reports/, async (route) => {
    await new Promise((done) => { answer = done })
    await route.continue()
  })
  await page.goto(url + '/reports')
  await page.getByRole('status', { name: 'Đang tải' }).waitFor()
  assert.equal(await page.getByRole('heading', { name: 'Báo cáo' }).isVisible(), false)
  await page.getByRole('heading', { name: 'Báo cáo' }).waitFor()
  answer()
})

test('nothing went wrong on the way', () => assert.deepEqual(problems, []))
