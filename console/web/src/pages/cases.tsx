// What do we know together, what is due when: the list of cases.
import { Button, SegmentedControl, Skeleton, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { Me } from '../api'
import { useAnswer } from '../every'
import { useWords } from '../i18n'
import { Confirm } from '../parts/ask'
import { atOnce, Deadline } from '../parts/deadline'
import { Retry } from '../parts/retry'
import { Table } from '../parts/tabletools'
import { When } from '../parts/when'
import { reporting, type Clock } from '../reporting'
import { follow, go } from '../route'

export function Cases({ me, address }: { me: Me; address: URL }) {
  const words = useWords()
  const { t, lang, number } = words
  const status = address.searchParams.get('status') ?? 'open'
  const [making, setMaking] = useState(false)
  const { answer, error, again: load } = useAnswer(status, () => Promise.all([reporting.cases(status === 'all' ? '' : status), reporting.allClocks()]).then(([c, k]) => {
    const next: Record<string, Clock> = {}
    for (const x of k.clocks) if (x.case && !Object.hasOwn(next, x.case)) next[x.case] = x // they come in the order of their times
    return { list: c.cases.toReversed(), next }
  }))
  return (
    <div className="page">
      <div className="title">
        <h1>{t('cases.title')}</h1>
        <SegmentedControl size="xs" aria-label={t('cases.state')} value={status} onChange={(v) => go('/cases?' + new URLSearchParams({ status: v }), true)}
          data={(['open', 'closed', 'all'] as const).map((v) => ({ value: v, label: t(`cases.state.${v}`) }))} />
        {me.role !== 'viewer' && <Button size="sm" onClick={() => setMaking(true)}>{t('cases.new')}</Button>}
      </div>
      <p className="quiet">{t('cases.lead')}</p>
      <Retry error={error} again={load} />
      {!answer ? error === undefined && <Skeleton height={240} role="img" aria-label={t('common.loading')} /> : answer.list.length === 0 ? <p className="empty">{t('cases.none')}</p> : (
        <Table name="cases" className="groups plain duties">
          <thead><tr>
            <th scope="col">{t('cases.id')}</th><th scope="col">{t('case.name')}</th><th scope="col">{t('case.unit')}</th>
            <th scope="col">{t('cases.state')}</th><th scope="col">{t('cases.next')}</th><th scope="col" className="num">{t('cases.findings')}</th>
          </tr></thead>
          <tbody>
            {answer.list.map((c) => {
              const k = answer.next[c.id]
              return (
                <tr key={c.id}>
                  <td className="mono id">{c.id}</td>
                  <td className="text"><a href={'/cases/' + encodeURIComponent(c.id)} onClick={follow}>{c.title}</a></td>
                  <td className="text">{c.unit || '–'}</td>
                  <td>{t(`cases.state.${c.status}`)}, <When at={c.closed ?? c.opened} /></td>
                  <td className="text">{c.status === 'closed' ? '–' : !k ? <span className="quiet">{t('cases.next.none')}</span>
                    : <><Deadline clock={k} /> {!atOnce(k) && <>· <When at={k.due_at} /></>}<div className="quiet">{lang === 'en' ? k.title_en : k.title_vi}</div></>}</td>
                  <td className="num">{number(c.findings.length)}</td>
                </tr>
              )
            })}
          </tbody>
        </Table>
      )}
      {making && <NewCase close={() => setMaking(false)} />}
    </div>
  )
}

function NewCase({ close }: { close: () => void }) {
  const { t } = useWords()
  const [name, setName] = useState('')
  const [unit, setUnit] = useState('')
  const send = () => reporting.create(name.trim(), unit.trim(), []).then((c) => go('/cases/' + encodeURIComponent(c.id)))
  return (
    <Confirm title={t('cases.new')} submit={t('cases.new')} close={close} send={send} ready={name.trim() !== ''}>
      <TextInput label={t('case.name')} value={name} onChange={(e) => setName(e.currentTarget.value)} maxLength={300} required data-autofocus />
      <TextInput mt="sm" label={t('case.unit')} value={unit} onChange={(e) => setUnit(e.currentTarget.value)} maxLength={300} />
    </Confirm>
  )
}
