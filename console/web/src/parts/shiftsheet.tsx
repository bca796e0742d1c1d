// The sheet of a shift: what the one that comes has to know, on one page of paper.
import type { ReactNode } from 'react'
import type { Block, Sheet } from '../casework'
import { useWords, type Words } from '../i18n'
import { follow } from '../route'
import { EntityValue } from './caseentities'
import { TaskDue } from './casetasks'
import { Deadline, atOnce } from './deadline'
import { Severity } from './severity'
import { When } from './when'

const paper = 6 // rows of a list on paper; the rest is counted

const bands = ['1', '4', '8', '24', 'more'] as const

// lasted is how long something has been waiting, to the hour.
function lasted(since: string, until: string, { t }: Words): string {
  const hours = Math.max(0, Math.floor((new Date(until).getTime() - new Date(since).getTime()) / 3_600_000))
  return hours < 1 ? t('handover.wait.less') : hours < 48 ? t('handover.wait.hours', { n: hours }) : t('handover.wait.days', { n: Math.floor(hours / 24) })
}

export function ShiftSheet({ sheet: s }: { sheet: Sheet }) {
  const words = useWords()
  const { t, lang, word, number } = words
  const link = (id: string, text?: string) => <a className={text ? undefined : 'id'} href={'/cases/' + encodeURIComponent(id)} onClick={follow}>{text ?? id}</a>
  const blocks = (list: Block[], when: (b: Block) => string) => list.map((b) => (
    <><span className="mono">{b.value}</span> <span className="quiet">{word('blocking.state', b.state)} · <When at={when(b)} />{when(b) !== b.expires && <> · {t('handover.until')} <When at={b.expires} /></>}</span></>
  ))
  return (
    <div className="shift">
      <List wide title={t('handover.cases')} none={t('handover.cases.none')} total={s.of.cases} rows={s.cases.map((c) => (
        <><span className="mono">{c.id}</span> {link(c.id, c.title)}{c.unit && <span className="quiet"> · {c.unit}</span>} <span className="quiet">· {c.owner ? t('handover.owner', { name: c.owner }) : t('handover.noowner')}{c.tasks > 0 && ` · ${t('handover.tasks.n', { n: number(c.tasks) })}`}</span>
          {c.next && <> · <Deadline clock={c.next} /> {!atOnce(c.next) && <When at={c.next.due_at} />} <span className="quiet">{lang === 'en' ? c.next.title_en : c.next.title_vi}</span></>}</>
      ))} />
      <div>
        <section>
          <h2>{t('handover.aging')}</h2>
          <table className="ages">
            <thead><tr><th scope="col"><span className="hidden">{t('cases.state')}</span></th>{bands.map((b) => <th key={b} scope="col" className="num">{t(`handover.band.${b}`)}</th>)}<th scope="col" className="num">{t('handover.total')}</th></tr></thead>
            <tbody>{(['escalated', 'new'] as const).map((k) => (
              <tr key={k}><th scope="row"><a href={'/inbox?' + new URLSearchParams({ q: `status:${k} severity>=medium`, range: 'all' })} onClick={follow}>{word('status', k)}</a></th>
                {s.aging[k].bands.map((n, i) => <td key={i} className={n > 0 && i === bands.length - 1 ? 'num failure' : 'num'}>{number(n)}</td>)}<td className="num"><strong>{number(s.aging[k].total)}</strong></td></tr>
            ))}</tbody>
          </table>
          <p>{t('handover.unassigned', { n: number(s.aging.unassigned), of: number(s.aging.looked) })}{s.aging.partial && ` ${t('handover.partial')}`}</p>
          <Rows none={t('handover.aging.none')} total={s.aging.oldest.length} rows={s.aging.oldest.map((g) => (
            <><Severity level={g.severity} /> <a href={'/finding/' + encodeURIComponent(g.finding)} onClick={follow}>{g.summary[lang] || g.summary.vi}</a> <span className="quiet">· {word('status', g.status)}, {lasted(g.since, s.to, words)} · {g.assignee || t('common.nobody')}</span></>
          ))} />
        </section>
        <List title={t('handover.gaps')} none={t('handover.gaps.none')} total={s.of.gaps} rows={s.gaps.map((g) => (
          <><strong className="mono">{g.sensor}</strong> <When at={g.from} to={g.to} /> <a href={'/finding/' + encodeURIComponent(g.finding)} onClick={follow}>{g.summary[lang] || g.summary.vi || t('handover.gap')}</a></>
        ))} />
        {s.blocking ? <>
          <List title={t('handover.blocked')} none={t('handover.blocked.none')} total={s.of.blocked} rows={blocks(s.blocked, (b) => b.at)} />
          <List title={t('handover.expiring')} none={t('handover.expiring.none')} total={s.of.expiring} rows={blocks(s.expiring, (b) => b.expires)} />
        </> : <section><h2>{t('handover.blocked')}</h2><p className="quiet">{t('error.blocking_off')}</p></section>}
      </div>
      <div>
        <List title={t('handover.tasks')} none={t('handover.tasks.none')} total={s.of.tasks} rows={s.tasks.map((x) => (
          <>{x.due && <TaskDue at={x.due} now={s.to} />} <span className="quiet">{x.assignee || t('common.nobody')} ·</span> {link(x.case)} <span className="value">{x.text}</span></>
        ))} />
        <List title={t('handover.watch')} none={t('handover.watch.none')} total={s.of.watch} rows={s.watch.map((e) => (
          <><EntityValue kind={e.kind} value={e.value} /> <span className="quiet">{t('handover.until')} <When at={e.until} /> ·</span> {link(e.case)} <span className="value">{e.note}</span></>
        ))} />
      </div>
    </div>
  )
}

function List({ title, wide, ...rows }: { title: string; none: string; total: number; rows: ReactNode[]; wide?: boolean }) {
  const { number } = useWords()
  return <section className={wide ? 'span' : ''}><h2>{title}{rows.total > 0 && ` (${number(rows.total)})`}</h2><Rows {...rows} /></section>
}

function Rows({ none, total, rows }: { none: string; total: number; rows: ReactNode[] }) {
  const { t, number } = useWords()
  if (rows.length === 0) return <p className="quiet">{none}</p>
  return (
    <>
      <ul className="plainlist rows">{rows.map((r, i) => <li key={i} className={i >= paper ? 'noprint' : ''}>{r}</li>)}</ul>
      {total > rows.length && <p className="quiet noprint">{t('handover.others', { n: number(total - rows.length) })}</p>}
      {total > paper && <p className="quiet onpaper">{t('handover.others', { n: number(total - paper) })}</p>}
    </>
  )
}
