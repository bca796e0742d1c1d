// The query bar: text, and what is wrong with it, at the place where it is wrong.
import { Button, Select } from '@mantine/core'
import { useEffect, useState, type FormEvent, type ReactNode, type RefObject } from 'react'
import type { Problem } from '../api'
import { useWords, type Key } from '../i18n'
import { QueryInput } from './queryinput'

const ranges = ['1h', '24h', '7d', '30d', 'all'] as const

export interface View {
  q: string
  range: string
  sort: string
}

export function QueryBar({ view, change, problem, input, unsorted, children }: {
  view: View; change: (v: View) => void; problem: Problem | undefined; input: RefObject<HTMLInputElement>; unsorted?: boolean; children?: ReactNode
}) {
  const words = useWords()
  const { t } = words
  const [text, setText] = useState(view.q)
  useEffect(() => setText(view.q), [view.q])
  const submit = (e: FormEvent) => {
    e.preventDefault()
    change({ ...view, q: text.trim() })
    input.current?.blur()
  }
  let error
  if (problem?.code === 'query') {
    const b = problem.body
    error = <>
      {t('query.at', { token: b.token ?? '', why: words.word('query', b.reason ?? '') })}
      {b.hint && <> · {t('query.hint', { hint: b.hint })}</>}
      <Marked text={view.q} offset={b.offset ?? 0} length={b.length ?? 0} />
    </>
  }
  return (
    <form className="query" role="search" onSubmit={submit}>
      <QueryInput text={text} setText={setText} revert={() => setText(view.q)} range={view.range} error={error} input={input} />
      <Select aria-label={t('inbox.range')} value={view.range} onChange={(range) => range && change({ ...view, range })} allowDeselect={false}
        data={ranges.map((r) => ({ value: r, label: t(`inbox.range.${r}` as Key) }))} w={140} />
      {!unsorted && <Select aria-label={t('inbox.sort')} value={view.sort} onChange={(sort) => sort && change({ ...view, sort })} allowDeselect={false}
        data={[{ value: 'worst', label: t('inbox.sort.worst') }, { value: 'newest', label: t('inbox.sort.newest') }]} w={180} />}
      <Button type="submit">{t('query.run')}</Button>
      {children}
    </form>
  )
}

// Marked repeats the query with the wrong part underlined. Offsets count characters, not UTF-16 units.
function Marked({ text, offset, length }: { text: string; offset: number; length: number }) {
  const chars = [...text]
  if (length === 0 || chars.length > 300) return null
  return (
    <code className="marked">
      {chars.slice(0, offset).join('')}<u>{chars.slice(offset, offset + length).join('')}</u>{chars.slice(offset + length).join('')}
    </code>
  )
}
