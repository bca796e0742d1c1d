// A console of made-up findings with a browser in front of it. KHIEN_SHOTS names a folder for pictures, KHIEN_LATE makes all
// answers late by up to that many milliseconds and what pages put off to the next moment by half of that.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const root = fileURLToPath(new URL('../../../../', import.meta.url))
export const shots = process.env.KHIEN_SHOTS
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

export const problems = []
export let server, password, url, appeal, browser, page

// open starts a console; flags are those of the server.
export async function open(...flags) {
  server = spawn('go', ['run', './console/web/test/server', ...flags], { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = await once(createInterface({ input: server.stdout }), 'line')
  ;({ url, password, appeal } = JSON.parse(line))
  browser = await chromium.launch({
    executablePath: process.env.KHIEN_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  })
  if (process.env.KHIEN_LATE) lateBrowser(Date.now() % 1e6, Number(process.env.KHIEN_LATE))
  page = await (await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: 'light', locale: 'vi-VN' })).newPage()
  page.setDefaultTimeout(10_000)
  page.on('console', (m) => { if (m.type() === 'error' && !/40[0149]|503/.test(m.text())) problems.push(m.text()) })
  page.on('pageerror', (e) => problems.push(String(e)))
  page.on('request', (r) => { if (!r.url().startsWith(url)) problems.push('asks another host: ' + r.url()) })
}

// late makes each answer come later, by another time up to most ms, so that they come in orders that a quick machine never shows.
export async function late(seed, most, of = page) {
  console.log(`answers up to ${most} ms late, seed ${seed}`)
  const random = () => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31
  await of.route(/\/api\/v1\/(?!events$)/, async (route) => {
    await new Promise((done) => setTimeout(done, random() * most))
    await route.continue().catch(() => undefined) // the page has gone meanwhile
  })
}

// lateBrowser makes every page late that the browser opens from now on. A busy machine puts off timers too: a focus that moves
// only after the page has changed lets keys fall beside it.
function lateBrowser(seed, most) {
  const open = browser.newContext.bind(browser)
  browser.newContext = async (options) => {
    const context = await open(options)
    await late(seed, most, context)
    await context.addInitScript((more) => {
      const at = window.setTimeout.bind(window)
      window.setTimeout = (f, ms = 0, ...rest) => at(f, ms < 50 ? ms + more : ms, ...rest)
    }, most / 2)
    return context
  }
}

// on lets the page that helpers look at be another one meanwhile.
export async function on(other, look) {
  const own = page
  page = other
  try {
    await look()
  } finally {
    page = own
  }
}

export async function close() {
  await browser?.close()
  server?.stdin.end()
  if (server && server.exitCode === null) await once(server, 'exit')
}

export async function shot(name, fullPage = false) {
  if (shots) await page.screenshot({ path: `${shots}/${name}.png`, fullPage })
}

// accessible fails on violations that axe calls serious or critical. The page's policy forbids script elements, so axe is
// evaluated through the debugger.
export async function accessible(where, of = page) {
  await of.evaluate(axe)
  const { violations } = await of.evaluate(() => axe.run(document, { resultTypes: ['violations'] }))
  const bad = violations.filter((v) => v.impact === 'serious' || v.impact === 'critical')
  assert.deepEqual(bad.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160) + ' ' + (n.any[0]?.message ?? '')).join(' | ')}`), [], where)
}

// columns fails on a table whose cells do not stand below their heads.
export async function columns(table) {
  const off = await page.locator(table).first().evaluate((t) => {
    const left = (row) => [...row.cells].map((c) => Math.round(c.getBoundingClientRect().left))
    return [left(t.tHead.rows[0]), left(t.tBodies[0].rows[0])]
  })
  assert.deepEqual(off[0], off[1], table)
}

export const press = (key) => page.keyboard.press(key)
export const language = (l) => page.locator('header.top .mantine-SegmentedControl-root').getByText(l, { exact: true }).click()

// logIn opens the console in Vietnamese.
export async function logIn() {
  await page.goto(url + '/')
  await page.getByLabel('Tên tài khoản').fill('admin')
  await page.getByLabel('Mật khẩu', { exact: true }).fill(password)
  await press('Enter')
  await page.locator('.number').first().waitFor()
}
