// Answers that come late, each at another time, move nothing that a page already shows: a click whose button moves between
// press and release is lost, and so is what was typed into a list that then comes.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { close, late, logIn, open, page, press, problems, url } from './harness.mjs'

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
    globalThis.movedInside = [] // what is opened; behind it the page lives on
    new PerformanceObserver((list) => {
      for (const shift of list.getEntries()) {
        for (const { node, previousRect: a, currentRect: b } of shift.sources) {
          const what = node?.nodeType === Node.ELEMENT_NODE ? node : node?.parentElement
          const told = `${what?.tagName} ${what?.className} "${what?.textContent.slice(0, 30)}" from ${a.x},${a.y} to ${b.x},${b.y}`
          globalThis.moved.push(told)
          if (what?.closest('[role=dialog], [role=menu]')) globalThis.movedInside.push(told)
        }
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

const dialogs = () => [
  ['/inbox', /^Xử lý cả \d+ nhóm/, 'Bộ lọc đã lưu ▾', 'Bảng ▾', 'Tài khoản admin'],
  ['/finding/' + story, 'Bớt báo', 'Lập báo cáo', 'Giữ chứng cứ', 'Đề nghị chặn', 'Đóng', 'vneid-gov.example'],
  ['/cases', 'Mở vụ việc'],
  ['/cases/' + dossier, /^Ghi nhận đã gửi/, 'Giữ chứng cứ', 'Chọn ngày trên lịch', 'Kết thúc vụ việc'],
  ['/handover', 'Ký giao ca', 'Chọn ngày trên lịch'],
  ['/blocking', 'Ngừng chặn toàn bộ', 'Quay về bản trước', 'Duyệt', 'Bác đề nghị', 'Gỡ chặn'],
  ['/rules?rule=1:2400001', /^Bớt báo/, 'Tắt luật'],
]
const opened = () => page.locator('[role=dialog]:visible, [role=menu]:visible')
const within = () => page.evaluate(() => !!document.activeElement?.closest('[role=dialog], [role=menu]'))

test('what opens takes the keyboard, moves nothing when answers come late, and gives the keyboard back', async () => {
  for (const [path, ...names] of dialogs()) {
    await page.goto(url + path)
    await page.locator('main .page:visible').first().waitFor()
    await page.waitForLoadState('networkidle')
    for (const name of names) {
      const opener = page.getByRole('button', { name, exact: true }).first()
      for (const turn of ['first', 'second']) {
        const where = `${path} ${name} ${turn}`
        await page.evaluate(() => { globalThis.movedInside = [] })
        await opener.focus()
        await press('Enter')
        await opened().first().waitFor().catch(() => assert.fail(where + ' opens nothing'))
        await page.waitForTimeout(lateMS + 100) // for all that is asked
        assert.ok(await within(), where)
        assert.deepEqual(await page.evaluate(() => globalThis.movedInside), [], where)
        await press('Escape')
        await opened().first().waitFor({ state: 'detached' })
        assert.ok(await opener.evaluate((e) => e === document.activeElement), where)
      }
    }
  }
})

test('a dialog from a menu gives the keyboard back to the menu, and a password that was typed does not come back', async () => {
  await page.goto(url + '/inbox')
  const account = page.getByRole('button', { name: 'Tài khoản admin' })
  const password = page.getByRole('dialog').getByLabel('Mật khẩu đang dùng')
  for (const turn of ['first', 'second']) {
    await account.focus()
    await press('Enter')
    await page.getByRole('menuitem', { name: 'Đổi mật khẩu' }).focus()
    await press('Enter')
    await password.waitFor()
    assert.equal(await password.inputValue(), '', turn)
    await page.keyboard.type('x y z')
    assert.equal(await password.inputValue(), 'x y z', turn)
    await press('Escape')
    await password.waitFor({ state: 'detached' })
    await page.waitForTimeout(100) // for a menu that takes the keyboard later
    assert.ok(await account.evaluate((e) => e === document.activeElement), turn)
  }
})

// hold keeps the answers whose address matches until they are let go.
async function hold(which) {
  const held = []
  await page.route(which, async (route) => {
    await new Promise((done) => held.push(done))
    await route.continue()
  })
  return async () => {
    await page.unroute(which)
    const came = page.waitForResponse(which)
    held.forEach((done) => done())
    await (await came).finished()
  }
}

test('one slow answer does not hide the others', async () => {
  const release = await hold(/\/api\/v1\/reports(\?|$)/)
  await page.goto(url + '/reports')
  await page.getByRole('status', { name: 'Đang tải' }).waitFor()
  assert.equal(await page.getByRole('heading', { name: 'Báo cáo' }).isVisible(), false)
  await page.getByRole('heading', { name: 'Báo cáo' }).waitFor()
  await release()
})

test('an older answer replaces no newer one', async () => {
  await page.goto(url + '/cases')
  await page.getByRole('link', { name: 'Vụ việc', exact: true }).last().waitFor()
  let release = await hold(/\/cases\?status=closed/)
  await page.getByText('đã kết thúc', { exact: true }).click()
  await page.getByText('đang xử lý', { exact: true }).first().click()
  await page.getByRole('cell', { name: dossier }).waitFor()
  await release()
  await page.waitForTimeout(200) // for a page that would take it
  assert.ok(await page.getByRole('cell', { name: dossier }).isVisible())
  await page.goto(url + '/blocking?state=open')
  await page.locator('.decisions tbody tr').first().waitFor()
  const before = await page.locator('.decisions tbody').innerText()
  release = await hold(/\/blocking\/decisions\?.*(ended|revoked|expired)/)
  const tabs = page.locator('section', { has: page.locator('.decisions') }).locator('nav.tabs a')
  await tabs.last().click()
  await tabs.first().click()
  await page.waitForURL(/state=open/)
  await release()
  await page.waitForTimeout(200) // for a page that would take it
  assert.equal(await page.locator('.decisions tbody').innerText(), before)
})

test('nothing went wrong on the way', () => assert.deepEqual(problems, []))
