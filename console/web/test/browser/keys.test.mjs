// A security key from the page of the account to the login, with an authenticator that the browser plays.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { accessible, close, columns, language, logIn, open, page, password, press, problems, shot, url } from './harness.mjs'

let authenticator, devtools

before(async () => {
  await open('-host', 'localhost') // browsers let keys be used at no number
  devtools = await page.context().newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  ;({ authenticatorId: authenticator } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'usb', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  }))
})
after(close)

const name = 'Khóa USB ở bàn trực'
const section = (title) => page.locator('section.admin', { has: page.getByRole('heading', { name: title }) })
const logOut = async () => {
  await page.getByRole('button', { name: 'admin' }).first().click()
  await page.getByRole('menuitem', { name: /Đăng xuất|Log out/ }).click()
  await page.locator('main.login').waitFor()
}
const toHome = () => page.locator('.number').first().waitFor()

test('a security key is added with the password', async () => {
  await logIn()
  await page.goto(url + '/admin')
  const mine = section('Khóa bảo mật của tài khoản này')
  await mine.getByText('Chưa có khóa bảo mật.').waitFor()
  await mine.getByLabel('Tên khóa bảo mật').fill(name)
  await mine.getByLabel('Mật khẩu đang dùng').fill('sai mật khẩu rồi')
  await mine.getByRole('button', { name: 'Thêm khóa bảo mật' }).click()
  await page.getByText('Mật khẩu đang dùng không đúng.').waitFor()
  await mine.getByLabel('Mật khẩu đang dùng').fill(password)
  await mine.getByRole('button', { name: 'Thêm khóa bảo mật' }).click()
  await page.getByText('Đã thêm khóa bảo mật.').waitFor()
  await mine.locator('tbody tr', { hasText: name }).waitFor()
  assert.match(await mine.locator('tbody tr').innerText(), /Khóa USB ở bàn trực\s+không cần mật khẩu[^]*chưa dùng/)
  const { credentials } = await devtools.send('WebAuthn.getCredentials', { authenticatorId: authenticator })
  assert.equal(credentials.length, 1)
  assert.equal(credentials[0].rpId, 'localhost')
  await columns('section.admin:has-text("Khóa bảo mật của tài khoản này") table')
  await mine.scrollIntoViewIfNeeded()
  await shot('keys-admin-vi')
  await accessible('keys, vi')
  // The same authenticator is not added twice.
  await mine.getByLabel('Tên khóa bảo mật').fill('lần nữa')
  await mine.getByLabel('Mật khẩu đang dùng').fill(password)
  await mine.getByRole('button', { name: 'Thêm khóa bảo mật' }).click()
  await page.getByText('Khóa bảo mật này đã được thêm rồi.').waitFor()
})

test('logging in needs the key after the password', async () => {
  await logOut()
  await devtools.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId: authenticator, enabled: false })
  await shot('keys-login-vi')
  await page.getByLabel('Tên tài khoản').fill('admin')
  await page.getByLabel('Mật khẩu', { exact: true }).fill(password)
  await press('Enter')
  await page.getByText('rồi chạm vào khóa').waitFor() // nobody does
  await shot('keys-touch-vi')
  await accessible('login with a key, vi')
  await devtools.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId: authenticator, enabled: true })
  await logIn()
  await page.goto(url + '/admin')
  await language('en')
  const mine = section('Security keys of this account')
  await mine.getByText(name).waitFor()
  assert.doesNotMatch(await mine.innerText(), /not yet/)
  assert.match(await section('Accounts').locator('tbody tr').first().innerText(), /security keys: 1/)
  await section('Audit log: who did what').getByText('key.add').first().waitFor()
  await mine.scrollIntoViewIfNeeded()
  await shot('keys-admin-en')
  await accessible('keys, en')
})

test('a passkey opens the account without the password', async () => {
  await logOut()
  await page.getByRole('button', { name: 'Log in with a passkey' }).waitFor()
  await shot('keys-login-en')
  await accessible('login with a passkey, en')
  await devtools.send('WebAuthn.setUserVerified', { authenticatorId: authenticator, isUserVerified: false })
  await page.getByRole('button', { name: 'Log in with a passkey' }).click()
  await page.getByRole('alert').waitFor()
  assert.match(await page.getByRole('alert').innerText(), /did not answer|refused/)
  await devtools.send('WebAuthn.setUserVerified', { authenticatorId: authenticator, isUserVerified: true })
  await page.getByRole('button', { name: 'Log in with a passkey' }).click()
  await toHome()
})

test('at another address the page says where keys can be used', async () => {
  await page.goto(url.replace('localhost', '127.0.0.1') + '/')
  const link = page.locator('.login a', { hasText: url })
  await link.waitFor()
  assert.equal(await link.getAttribute('href'), url)
  assert.equal(await page.getByRole('button', { name: /passkey/ }).count(), 0)
  await page.getByRole('textbox').first().fill('admin')
  await page.locator('input[type=password]').fill(password)
  await press('Enter')
  await page.getByText('tài khoản này cần thêm khóa bảo mật').waitFor()
  await shot('keys-elsewhere-vi')
  await accessible('login elsewhere')
  problems.length = 0 // the harness counts what asks another address
  await link.click()
  await toHome() // still logged in there
})

test('the last key is removed with the password', async () => {
  await page.goto(url + '/admin')
  await page.getByRole('button', { name: `Remove the security key ${name}` }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('This is the last key.').waitFor()
  await shot('keys-remove-en')
  await accessible('removing a key')
  const old = dialog.getByLabel('Current password')
  const remove = dialog.getByRole('button', { name: 'Remove' })
  assert.equal(await remove.isDisabled(), true)
  await old.fill('not the password')
  await remove.click()
  await dialog.getByRole('alert').waitFor()
  assert.match(problems.pop(), /403/)
  assert.equal(await old.inputValue(), '')
  await old.fill(password)
  await remove.click()
  await section('Security keys of this account').getByText('No security key yet.').waitFor()
  await logOut()
  await page.getByRole('textbox').first().fill('admin')
  await page.locator('input[type=password]').fill(password)
  await press('Enter')
  await toHome()
  assert.deepEqual(problems, [])
})
