// A citizen asks to be unblocked, without login or script, and an analyst sees the request with its clock.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { accessible, appeal, browser, close, language, logIn, on, open, page, problems, shot, url } from './harness.mjs'

const wrong = []
let citizen

before(async () => {
  await open()
  citizen = await (await browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'vi-VN', javaScriptEnabled: false })).newPage()
  citizen.setDefaultTimeout(10_000)
  citizen.on('console', (m) => { if (!/422/.test(m.text())) wrong.push(m.text()) })
})
after(close)

const looks = (name) => on(citizen, () => shot(name, true))

test('the form works without script, says what is wrong, and answers with a number', async () => {
  await citizen.goto(appeal)
  await looks('appeal')
  assert.equal(await citizen.locator('button').evaluate((b) => getComputedStyle(b).backgroundColor), 'rgb(11, 79, 158)') // the policy lets the style in
  await citizen.getByLabel('Tên miền, địa chỉ IP').fill('trang của tôi')
  await citizen.getByLabel('Họ tên').fill('Nguyễn Thị Hoa <b>')
  await citizen.getByLabel('Số điện thoại').fill('0900 111 222')
  await citizen.getByLabel('Vì sao').fill('Trang bán hàng của tôi\nkhông thu thập mật khẩu')
  await citizen.getByRole('button').click()
  await citizen.getByRole('alert').waitFor()
  assert.match(await citizen.getByRole('alert').innerText(), /không phải tên miền[^]*This is no name/)
  assert.equal(await citizen.getByLabel('Họ tên').inputValue(), 'Nguyễn Thị Hoa <b>')
  await looks('appeal-wrong')
  await citizen.getByLabel('Tên miền, địa chỉ IP').fill('https://cuahang-hoa.example/')
  await citizen.getByRole('button').click()
  await citizen.getByRole('status').waitFor()
  assert.match(await citizen.getByRole('status').innerText(), /Mã số: [A-Z2-7]{16}[^]*trước \d\d:\d\d [^]*We have taken your request/)
  assert.equal((await citizen.context().cookies()).length, 0)
  assert.doesNotMatch(await citizen.locator('body').innerText(), /cuahang|Hoa/)
  await looks('appeal-taken')
  assert.deepEqual(wrong, [])
})

test('the form can be used by everybody', async () => {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, bypassCSP: true })
  for (const colorScheme of ['light', 'dark']) {
    const p = await context.newPage()
    await p.emulateMedia({ colorScheme })
    await p.goto(appeal)
    await on(p, () => accessible('the page for citizens, ' + colorScheme))
    assert.ok(await p.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'wider than a telephone')
  }
  await context.close()
})

test('the request waits in the console, marked, with its clock', async () => {
  await logIn()
  await page.goto(url + '/blocking')
  const row = page.locator('table.requests tr', { hasText: 'cuahang-hoa.example' })
  await row.waitFor()
  assert.match(await row.innerText(), /Gửi từ trang gỡ chặn[^]*không thu thập mật khẩu[^]*Nguyễn Thị Hoa <b> · 0900 111 222[^]*còn/)
  assert.doesNotMatch(await page.locator('table.requests tr', { hasText: 'Đại lý Hoàng' }).innerText(), /Gửi từ trang/)
  await accessible('requests from the page')
  await row.scrollIntoViewIfNeeded()
  await shot('requests-vi')
  await language('en')
  await row.getByText('Sent from the page').waitFor()
  await shot('requests-en')
  await language('vi')
  await row.getByRole('button', { name: 'Trả lời' }).click()
  await page.getByLabel(/Từ chối/).check()
  await page.getByLabel(/Lý do gửi/).fill('Trang không bị chặn')
  await page.getByRole('button', { name: 'Ghi câu trả lời' }).click()
  await row.waitFor({ state: 'detached' })
})

test('nothing went wrong on the way', () => assert.deepEqual(problems, []))
