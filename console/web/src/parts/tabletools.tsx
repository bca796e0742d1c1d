// What can be done with a table: take it along, and set its columns without a mouse.
import { Button, Popover } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import { useWords } from '../i18n'
import { asCSV, asText, download, shownRows, useTable, type Tabled } from '../table'

const step = 40 // pixels

// rows are those of the table with its heads, where it does not show all; take says whether they may leave as a file.
export function TableTools({ of, name, rows, count, take = true }: { of: Tabled; name: string; rows?: () => string[][]; count?: number; take?: boolean }) {
  const { t, number } = useWords()
  const [open, setOpen] = useState(false)
  const [said, setSaid] = useState('')
  const all = () => rows?.() ?? (of.ref.current ? shownRows(of.ref.current) : [])
  const copy = () => {
    const list = all()
    navigator.clipboard.writeText(asText(list)).then(() => setSaid(t('table.copied', { n: number(list.length - 1) })), () => setSaid(t('table.copy.failed')))
  }
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-end" withinPortal trapFocus transitionProps={{ duration: 0 }}>
      <Popover.Target>
        <Button className="noprint" size="compact-sm" variant="default" onClick={() => { setSaid(''); setOpen(!open) }}>{count === undefined ? t('table.tools') : t('table.tools.n', { n: number(count) })} ▾</Button>
      </Popover.Target>
      <Popover.Dropdown className="tabletools">
        <div className="buttons">
          <Button size="compact-sm" variant="default" onClick={copy}>{t('table.copy')}</Button>
          {take && <Button size="compact-sm" variant="default" onClick={() => download(`khien-${name}.csv`, 'text/csv', asCSV(all()))}>{t('table.csv')}</Button>}
        </div>
        <p role="status" className="quiet">{said || t('table.drag')}</p>
        <ul>
          {of.columns().slice(0, -1).map((c, i) => (
            <li key={i}>
              <span>{c}</span>
              <Button size="compact-sm" variant="default" aria-label={t('table.narrower', { column: c })} onClick={() => of.wider(i, -step)}>−</Button>
              <Button size="compact-sm" variant="default" aria-label={t('table.wider', { column: c })} onClick={() => of.wider(i, step)}>+</Button>
            </li>
          ))}
        </ul>
        <Button size="compact-sm" variant="subtle" onClick={of.reset}>{t('table.reset')}</Button>
      </Popover.Dropdown>
    </Popover>
  )
}

// Table is a table with its tools above it.
export function Table({ name, className, take, children }: { name: string; className: string; take?: boolean; children: ReactNode }) {
  const table = useTable(name)
  return <>
    <div className="tools noprint"><TableTools of={table} name={name} take={take} /></div>
    <table ref={table.ref} className={className}>{children}</table>
  </>
}
