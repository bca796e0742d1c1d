// A console that hides the addresses of people: everything is worked by pseudonym, and two people show an address.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { accessible, browser, close, language, logIn, open, page, password, problems, shot, url } from './harness.mjs'

const hidden = /\b10\.\d+\.\d+\.\d+\b/
const name = /K-[0-9A-F]{8}/
const body = () => page.locator('body').innerText()
const secondPassword = 'mật khẩu của người thứ hai'

before(async () => {
  await open('-hide')
  await logIn()
})
after(close)

test('no page shows an address, and pseudonyms lead on like addresses', async () => {
  for (const path of ['/', '/inbox?range=all', '/find?range=all', '/handover', '/cases', '/blocking', '/sensors', '/tunes']) {
    await page.goto(url + path)
    await page.locator('h1').first().waitFor()
    await page.waitForLoadState('networkidle').catch(() => undefined) // the stream of events never ends
    assert.doesNotMatch(await body(), hidden, path)
  }
  await page.goto(url + '/inbox?' + new URLSearchParams({ q: 'brand:vneid', range: 'all' }))
  await page.locator('tbody tr').first().waitFor()
  assert.match(await body(), name)
  await shot('hidden-inbox-vi')
  await page.goto(url + '/inbox?' + new URLSearchParams({ q: 'src:10.20.3.14', range: 'all' }))
  await page.getByRole('alert').waitFor()
  assert.match(await page.getByRole('alert').innerText(), /tìm theo bí danh/)
})

test('an address is asked for, agreed to by another person, and shown to who asked', async () => {
  await page.goto(url + '/inbox?' + new URLSearchParams({ q: 'brand:vneid severity>=high', range: 'all' }))
  await page.locator('tbody tr').first().waitFor()
  const id = (await (await page.request.get(url + '/api/v1/findings?' + new URLSearchParams({ q: 'brand:vneid severity>=high', range: 'all' }))).json()).findings[0].event.id
  await page.goto(url + '/finding/' + id)
  await page.getByText('Địa chỉ của người dùng được thay bằng bí danh').waitFor()
  assert.doesNotMatch(await body(), hidden)
  const who = page.locator('dl.lead .pivot').first()
  const pseudonym = await who.innerText()
  assert.match(pseudonym, name)
  await shot('hidden-finding-vi')
  await accessible('a finding with hidden addresses')

  await page.getByRole('button', { name: 'Xem gói tin' }).click()
  await page.getByText('Nội dung này chứa địa chỉ bị che').waitFor()

  await who.click()
  await page.getByRole('menuitem', { name: 'Xem địa chỉ thật' }).click()
  await page.getByLabel('Mục đích').fill('gọi')
  await page.getByRole('button', { name: 'Gửi đề nghị' }).click()
  await page.getByText('ít nhất 10 chữ cái').waitFor()
  await page.getByLabel('Mục đích').fill('gọi cho nạn nhân để cảnh báo')
  await shot('reveal-ask-vi')
  await accessible('asking to see an address')
  await page.getByRole('button', { name: 'Gửi đề nghị' }).click()
  await page.getByText('Đã gửi đề nghị').waitFor()
  await page.getByRole('button', { name: 'Đóng' }).last().click()

  // The second person.
  const api = page.request
  const same = { headers: { 'Sec-Fetch-Site': 'same-origin' } }
  assert.equal((await api.post(url + '/api/v1/accounts', { ...same, data: { name: 'hai', password: secondPassword, role: 'lead' } })).status(), 200)
  const other = await (await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'vi-VN' })).newPage()
  await other.goto(url + '/')
  await other.getByLabel('Tên tài khoản').fill('hai')
  await other.getByLabel('Mật khẩu', { exact: true }).fill(secondPassword)
  await other.keyboard.press('Enter')
  await other.getByRole('link', { name: '1 đề nghị xem địa chỉ' }).click()
  const row = other.locator('#reveals tr', { hasText: 'gọi cho nạn nhân' })
  await row.waitFor()
  assert.match(await row.innerText(), new RegExp(`${pseudonym}[^]*admin[^]*Chờ người thứ hai`))
  await row.getByRole('button', { name: 'Đồng ý' }).click()
  await row.getByText('Đang xem được').waitFor().catch(async () => assert.equal(await row.count(), 0)) // what is answered is the asker's
  await other.context().close()

  await page.goto(url + '/finding/' + id)
  await page.locator('dl.lead .pivot').first().waitFor()
  assert.match(await page.locator('dl.lead .pivot').first().innerText(), hidden)
  await page.goto(url + '/admin#reveals')
  await page.locator('#reveals tbody tr').first().waitFor()
  assert.match(await page.locator('#reveals').innerText(), /Đang xem được · hai/)
  await accessible('requests to see addresses')
  await shot('reveals-vi')
  await language('en')
  await shot('reveals-en')
  await page.goto(url + '/finding/' + id)
  await page.getByText('Addresses of people are replaced by pseudonyms').waitFor().catch(() => undefined)
  await shot('hidden-finding-en')
  await language('vi')
})

// A browser logs what is refused here on purpose.
test('nothing went wrong on the way', () => assert.deepEqual(problems.filter((x) => !/403/.test(x)), []))
