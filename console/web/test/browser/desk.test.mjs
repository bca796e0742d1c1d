// What an analyst's hands do all night: values that lead on, words that complete themselves, keys, tables taken along.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { accessible, close, logIn, open, page, press, problems, shot, url } from './harness.mjs'

before(async () => { await open(); await logIn() })
after(close)

const rows = () => page.locator('.groups tbody tr')

test('every value of a row leads on, by mouse and by key', async () => {
  const label = page.locator('.mantine-Menu-label')
  await page.goto(url + '/inbox?q=brand:vneid&range=24h&sort=worst')
  await rows().first().waitFor()
  await press('j')
  for (const want of ['source:fraud', 'rule:', 'brand:', 'src:10.20.3.14', 'host:vneid-gov.example']) {
    await press('.')
    await label.filter({ hasText: want }).waitFor()
  }
  await accessible('menu of a value')
  await shot('pivot-vi-light')
  await press('Escape')
  await page.getByRole('menu').waitFor({ state: 'detached' })
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'vneid-gov.example')
  await rows().first().getByRole('button', { name: '10.20.3.14' }).click()
  assert.equal(await label.innerText(), 'src:10.20.3.14')
  await page.getByRole('menuitem', { name: 'Tìm mới trong cùng khoảng thời gian' }).click()
  await page.locator('.rows tbody tr').first().waitFor()
  assert.equal(new URL(page.url()).search, '?q=src%3A10.20.3.14&range=24h')
  await page.goBack()
  await page.locator('#row-at').waitFor()
  assert.equal(await page.getByLabel('Điều kiện tìm').inputValue(), 'brand:vneid')
})

test('a query completes itself, and Enter alone searches for what was typed', async () => {
  await page.goto(url + '/inbox?q=&range=24h&sort=worst')
  await rows().first().waitFor()
  const field = page.getByLabel('Điều kiện tìm')
  const option = (name) => page.getByRole('option', { name })
  await press('/')
  await option(/^severity>=/).waitFor()
  await page.keyboard.type('sev')
  await press('Tab')
  assert.equal(await field.inputValue(), 'severity>=')
  await option(/^high\s*Cao$/).waitFor()
  await press('ArrowDown')
  await press('ArrowDown')
  await press('Enter')
  assert.equal(await field.inputValue(), 'severity>=high ')
  await page.keyboard.type('-brand:')
  await option(/vneid/i).waitFor()
  await accessible('offers for a query')
  await shot('offers-vi-light')
  await page.keyboard.type('vn')
  await press('Tab')
  assert.match(await field.inputValue(), /^severity>=high -brand:vneid $/i)
  await page.keyboard.type('sensor:so')
  await option(/^so-y-te/).waitFor()
  await press('Escape')
  await option(/^so-y-te/).waitFor({ state: 'detached' })
  for (let i = 0; i < 'sensor:so'.length; i++) await press('Backspace')
  await press('Enter')
  await page.waitForURL(/severity%3E%3Dhigh\+-brand%3Avneid/i)
})

test('the parts of a rule and the packets that matched are marked', async () => {
  const open = async (q) => {
    await page.goto(url + '/find?' + new URLSearchParams({ q, range: 'all' }))
    await page.locator('.rows tbody a').first().click()
    await page.locator('pre.rule').waitFor()
  }
  await open('rule:2100001')
  assert.deepEqual(await page.locator('pre.rule mark').allInnerTexts(), ['"<script"'])
  await shot('rule-matched-vi-light')
  await open('rule:fake_vneid_apk')
  assert.deepEqual(await page.locator('pre.rule mark').allInnerTexts(), ['"AccessibilityService"'])
})

test('the browser had nothing to complain about', () => assert.deepEqual(problems, []))
