// What must go to whom by when: deadlines with their drafts and what those lack, and what was issued.
import { Skeleton } from '@mantine/core'
import { useCallback, useEffect, useState } from 'react'
import type { Me } from '../api'
import { useWords } from '../i18n'
import { atOnce, Deadline } from '../parts/deadline'
import { IssuedTable } from '../parts/issued'
import { Retry } from '../parts/retry'
import { Table } from '../parts/tabletools'
import { When } from '../parts/when'
import { reporting, verified, type Clock, type Filled, type Issued, type Regime } from '../reporting'
import { follow } from '../route'

const drafts = 30 // deadlines whose drafts are looked at for what they lack

export function Reports({ me }: { me: Me }) {
  const words = useWords()
  const { t } = words
  const [clocks, setClocks] = useState<Clock[]>()
  const [regimes, setRegimes] = useState<Regime[]>([])
  const [issued, setIssued] = useState<Issued[]>([])
  const [missing, setMissing] = useState<Record<string, Filled['missing']>>({})
  const [error, setError] = useState<unknown>()
  const works = me.role !== 'viewer'
  const load = useCallback(() => {
    Promise.all([reporting.allClocks(), reporting.forms(), reporting.issued('')]).then(([k, f, r]) => {
      setClocks(k.clocks)
      setRegimes(f.packs)
      setIssued(r.reports.toReversed())
      setError(undefined)
      if (!works) return
      const pack = f.packs[0].pack.id // the default, under which the deadlines are
      for (const x of k.clocks.filter((c) => c.case && c.form).slice(0, drafts)) {
        const id = x.case ?? ''
        const form = x.form ?? ''
        reporting.preview(id, { pack, form }).then((p) => setMissing((old) => ({ ...old, [`${id}/${form}`]: p.missing ?? [] })), setError)
      }
    }, setError)
  }, [works])
  useEffect(load, [load])
  return (
    <div className="page">
      <div className="title"><h1>{t('reports.title')}</h1><a href="/packs" onClick={follow}>{t('packs.title')}</a></div>
      <Retry error={error} again={load} />
      <section className="panel admin">
        <h2>{t('reports.due')}</h2>
        {!clocks ? error === undefined && <Skeleton height={160} role="img" aria-label={t('common.loading')} /> : clocks.length === 0 ? <p className="quiet">{t('reports.due.none')}</p>
          : <Due clocks={clocks} regime={regimes[0]} missing={missing} works={works} />}
      </section>
      <section className="panel admin">
        <h2>{t('issued.title')}</h2>
        <IssuedTable list={issued} files={works} withCase />
      </section>
    </div>
  )
}

function Due({ clocks, regime, missing, works }: { clocks: Clock[]; regime?: Regime; missing: Record<string, Filled['missing']>; works: boolean }) {
  const { t, lang } = useWords()
  return (
    <Table name="reports" className="groups plain duties">
      <thead><tr>
        <th scope="col">{t('clock.state')}</th><th scope="col">{t('clock.due')}</th><th scope="col">{t('clock.duty')}</th><th scope="col">{t('reports.to')}</th>
        <th scope="col">{t('reports.case')}</th>{works && <th scope="col">{t('reports.draft')}</th>}
      </tr></thead>
      <tbody>
        {clocks.map((k) => {
          const lacks = missing[`${k.case}/${k.form}`]
          const to = regime?.pack.duties.find((d) => d.id === k.duty)?.to.map((id) => regime.pack.recipients.find((r) => r.id === id)) ?? []
          return (
            <tr key={`${k.case} ${k.duty}`}>
              <td><Deadline clock={k} /></td>
              <td>{atOnce(k) ? t('clock.atonce') : <When at={k.due_at} />}</td>
              <td className="text">{lang === 'en' ? k.title_en : k.title_vi}{!k.verified && <small>{t('law.unverified')}</small>}</td>
              <td className="text">{to.map((r) => r && <div key={r.id}>{r[lang]}{!verified(r) && <small>{t('law.unverified')}</small>}</div>)}</td>
              <td className="text">{k.case ? <><a href={'/cases/' + encodeURIComponent(k.case)} onClick={follow}>{k.title}</a> <small className="mono">{k.case}</small></> : <span className="quiet">{t('reports.regular')}</span>}</td>
              {works && <td className="text">{k.case && k.form ? <>
                <a href={`/cases/${encodeURIComponent(k.case)}?` + new URLSearchParams({ pack: regime?.pack.id ?? '', form: k.form })} onClick={follow}>{t('reports.open')}</a>
                {lacks && (lacks.length === 0 ? <div>✓ {t('reports.complete')}</div>
                  : <details><summary>{t('form.missing', { n: lacks.length })}</summary>{lacks.map((m) => <div key={m.key}>{lang === 'en' ? m.en : m.label}</div>)}</details>)}
              </> : '–'}</td>}
            </tr>
          )
        })}
      </tbody>
    </Table>
  )
}
