// A month to take a day from, weeks from Monday. Loaded when somebody opens it.
import '@mantine/dates/styles.css'
import 'dayjs/locale/vi'
import { DatePicker } from '@mantine/dates'
import { useEffect, useRef } from 'react'
import { useWords } from '../i18n'
import { momentText } from '../time'

const pad = (n: number) => String(n).padStart(2, '0')

// dayOf is a day as the picker holds it: in the browser's zone, of which only the day is read.
function dayOf(iso: string): Date {
  const [day, month, year] = momentText(iso).slice(0, 10).split('/').map(Number)
  return new Date(year, month - 1, day)
}

export function Calendar({ at, pick }: { at: string; pick: (day: string) => void }) {
  const { t, lang } = useWords()
  const today = dayOf(new Date().toISOString())
  const box = useRef<HTMLDivElement>(null)
  // The keyboard is at the day; the popover has looked for one before this part was there.
  useEffect(() => {
    const find = (what: string) => box.current?.querySelector<HTMLElement>(what)
    ;(find('[data-selected]') ?? find('[aria-current=date]:not([data-outside])') ?? find('button'))?.focus()
  }, [])
  return (
    <DatePicker ref={box} locale={lang} firstDayOfWeek={1} weekendDays={[]} hideOutsideDates defaultDate={at ? dayOf(at) : today} value={at ? dayOf(at) : null} __stopPropagation
      onChange={(d) => d && pick(`${pad(d.getDate())}/${pad(d.getMonth() + 1)}/${d.getFullYear()}`)}
      getDayProps={(d) => (d.getTime() === today.getTime() ? { 'aria-current': 'date', className: 'today' } : {})}
      ariaLabels={{ previousMonth: t('moment.month.before'), nextMonth: t('moment.month.after'),
        previousYear: t('moment.year.before'), nextYear: t('moment.year.after'), previousDecade: t('moment.decade.before'), nextDecade: t('moment.decade.after') }} />
  )
}
