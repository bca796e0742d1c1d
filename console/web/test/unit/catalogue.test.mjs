// Both catalogues hold the same keys with the same places, and every key that the pages name.
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { test } from 'node:test'

const read = (lang) => JSON.parse(readFileSync(new URL(`../../src/i18n/${lang}.json`, import.meta.url), 'utf8'))
const vi = read('vi')
const en = read('en')
const places = (s) => [...s.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort().join(' ')

test('catalogues have the same keys', () => {
  assert.deepEqual(Object.keys(en).sort(), Object.keys(vi).sort())
})

test('translations keep the places of values', () => {
  for (const key of Object.keys(vi)) assert.equal(places(en[key]), places(vi[key]), key)
})

test('words for one and for more hang on a value of the same text', () => {
  for (const c of [vi, en]) {
    for (const [key, text] of Object.entries(c)) {
      const values = places(text).split(' ')
      for (const m of text.matchAll(/\{([^}]*)\}/g)) assert.match(m[1], /^\w+(\|[^|{}]+\|[^|{}]+)?$/, key)
      for (const m of text.matchAll(/\{(\w+)\|/g)) assert.ok(values.includes(m[1]), key)
    }
  }
})

test('no translation is empty or left in the other language', () => {
  for (const [key, text] of Object.entries(vi)) {
    assert.notEqual(text.trim(), '', key)
    assert.notEqual(en[key].trim(), '', key)
    assert.doesNotMatch(en[key].replace('Khiên', ''), /[ạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹđ]/i, key)
  }
})

test('every key that the pages name exists', () => {
  const dir = new URL('../../src/', import.meta.url)
  for (const name of readdirSync(dir, { recursive: true })) {
    if (!/\.tsx?$/.test(name)) continue
    const source = readFileSync(new URL(name.replaceAll('\\', '/'), dir), 'utf8')
    for (const m of source.matchAll(/\bt\('([a-z0-9_.]+)'/g)) assert.ok(m[1] in vi, `${name} names ${m[1]}`)
  }
})

test('every technique that the rules and detectors name has words', () => {
  let found = 0
  for (const folder of ['rules', 'detector/fraud', 'detector/behaviour']) {
    const dir = new URL(`../../../../${folder}/`, import.meta.url)
    for (const name of readdirSync(dir, { recursive: true })) {
      if (!/\.(rules|yar|go)$/.test(name)) continue
      for (const [id] of readFileSync(new URL(name, dir), 'utf8').matchAll(/\bT1\d{3}(\.\d{3})?\b/g)) {
        assert.ok(`technique.${id}` in vi, `${name} names ${id}`)
        found++
      }
    }
  }
  assert.ok(found > 100, `only ${found} are named`)
})

test('every mistake of an entry that the server names has words', () => {
  const dir = new URL('../../../', import.meta.url)
  const named = readdirSync(dir, { recursive: true }).filter((name) => /^(?!web).*(?<!_test)\.go$/.test(name))
    .flatMap((name) => [...readFileSync(new URL(name, dir), 'utf8').matchAll(/wrong\.Input\{[^}]*Name: "([a-z.]+)"( \+)?/g)])
  for (const [, name, more] of named) assert.ok(Object.keys(vi).some((key) => (more ? key.startsWith('wrong.' + name) : key === 'wrong.' + name)), name)
  assert.ok(named.length > 10, `only ${named.length} are named`)
})

test('every cause of an alarm that the server names has words', () => {
  const dir = new URL('../../../', import.meta.url)
  const named = readdirSync(dir, { recursive: true }).filter((name) => /^hook\/.*(?<!_test)\.go$/.test(name))
    .flatMap((name) => [...readFileSync(new URL(name, dir), 'utf8').matchAll(/\bCause\{(?:What: )?"([a-z_.]+)"|\braise\("([a-z_.]+)"/g)].map((m) => m[1] ?? m[2]))
  assert.deepEqual([...new Set(named)].sort(), Object.keys(vi).filter((key) => key.startsWith('alarm.why.')).map((key) => key.slice('alarm.why.'.length)).sort())
})

test('nothing writes markup from text', () => {
  const dir = new URL('../../src/', import.meta.url)
  for (const name of readdirSync(dir, { recursive: true })) {
    if (!/\.tsx?$/.test(name)) continue
    const source = readFileSync(new URL(name, dir), 'utf8')
    assert.doesNotMatch(source, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(/i, name)
  }
})
