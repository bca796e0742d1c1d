// A section of the administration with a table, and below it a form.
import type { ReactNode } from 'react'
import { useWords, type Key } from '../i18n'
import { Table as Tooled } from './tabletools'

export function Table({ title, head, lead, children, foot }: { title: Key; head: Key[]; lead?: ReactNode; children: ReactNode; foot?: ReactNode }) {
  const { t } = useWords()
  return (
    <section className="panel admin">
      <h2>{t(title)}</h2>
      {lead}
      <Tooled name={title} className="groups plain">
        <thead><tr>{head.map((h) => <th key={h} scope="col">{t(h)}</th>)}</tr></thead>
        <tbody>{children}</tbody>
      </Tooled>
      {foot}
    </section>
  )
}
