// The inbox by story, campaign, brand, unit or sensor: a row leads to its groups, or to one decision about all of them.
import { Button, Skeleton } from '@mantine/core'
import { useEffect, useState } from 'react'
import { api, type Bundle, type Me } from '../api'
import { explain } from '../errors'
import { useWords, type Key } from '../i18n'
import { follow } from '../route'
import { outside, unitName, useUnits } from '../units'
import { Pivot, term, type Field } from './pivot'
import type { View } from './querybar'
import { Severity } from './severity'
import { Table } from './tabletools'
import { When } from './when'

export function Bundles({ view, by, me, turn, failed, decide }: {
  view: View; by: Field; me: Me; turn: number; failed: (e: unknown) => void; decide: (q: string) => void
}) {
  const words = useWords()
  const { t, lang, number } = words
  const units = useUnits(by === 'unit')
  const [got, setGot] = useState<{ bundles: Bundle[]; more: boolean }>()
  const [error, setError] = useState<unknown>()
  useEffect(() => {
    const leave = new AbortController()
    setError(undefined)
    api.bundles(new URLSearchParams({ ...view, by }), leave.signal).then(setGot, (e: unknown) => {
      if (!leave.signal.aborted) { setError(e); failed(e) }
    })
    return () => leave.abort()
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [view.q, view.range, view.sort, by, turn])
  if (error !== undefined) return <p className="failure" role="alert">{explain(error, words)}</p>
  if (!got) return <Skeleton height={320} role="img" aria-label={t('common.loading')} />
  const what = t(`inbox.by.${by}` as Key)
  if (got.bundles.length === 0) return <p className="empty"><strong>{t('bundles.none', { what })}</strong><br />{t(by === 'unit' ? 'bundles.none.unit' : 'bundles.none.hint')}</p>
  return <>
    <p className="quiet">{by === 'unit' ? t('bundles.lead.unit') : t('bundles.lead', { what })} {got.more && t('bundles.more', { n: number(got.bundles.length) })}</p>
    <Table name="bundles" className="groups" take={me.role !== 'viewer'}>
      <thead>
        <tr>
          <th scope="col">{what}</th><th scope="col">{t('inbox.col.severity')}</th><th scope="col">{t('bundles.latest')}</th>
          <th scope="col" className="num">{t('bundles.groups')}</th><th scope="col" className="num">{t('bundles.findings')}</th><th scope="col">{t('inbox.col.last')}</th>
          {me.role !== 'viewer' && <th scope="col"><span className="hidden">{t('finding.action')}</span></th>}
        </tr>
      </thead>
      <tbody>
        {got.bundles.map((b) => {
          const none = by === 'unit' && b.value === ''
          const q = `${view.q} ${none ? outside : term(by, b.value)}`.trim()
          return (
            <tr key={b.value}>
              <td className={by === 'unit' ? undefined : 'mono'}>{none ? t('overview.units.outside') : <Pivot field={by} value={b.value} label={by === 'unit' ? unitName(units, b.value, lang) : undefined} />}</td>
              <td><Severity level={b.severity} /></td>
              <td><a href={'/finding/' + encodeURIComponent(b.latest_id)} onClick={follow}>{b.summary[lang] || b.rule_name}</a><small className="mono">{[b.src_ip, b.domain].filter(Boolean).join(' → ')}</small></td>
              <td className="num"><a href={'/inbox?' + new URLSearchParams({ ...view, q })} onClick={follow}>{number(b.groups)}</a></td>
              <td className="num"><a href={'/find?' + new URLSearchParams({ q, range: view.range })} onClick={follow}>{number(b.findings)}</a></td>
              <td><When at={b.last} /></td>
              {me.role !== 'viewer' && <td><Button size="compact-sm" variant="default" onClick={() => decide(q)}>{t('bundles.decide')}</Button></td>}
            </tr>
          )
        })}
      </tbody>
    </Table>
  </>
}
