// What the sensors read out of the flow of a finding: requests with their answers, questions, handshakes.
import { useEffect, useState } from 'react'
import { api, type Transactions as Known } from '../api'
import { explain } from '../errors'
import { useWords } from '../i18n'
import { When } from './when'

type Transaction = Known['transactions'][number]

// essence are the fields that say in a line what a transaction was, by its type.
const essence: Record<string, string[]> = {
  http: ['http.http_method', 'http.hostname', 'http.url', 'http.status'],
  dns: ['dns.rrname', 'dns.queries[0].rrname', 'dns.rrtype', 'dns.queries[0].rrtype', 'dns.rcode'],
  tls: ['tls.sni', 'tls.version', 'tls.subject'],
  quic: ['quic.sni', 'quic.version'],
  ssh: ['ssh.client.software_version', 'ssh.server.software_version'],
  dhcp: ['dhcp.dhcp_type', 'dhcp.assigned_ip', 'dhcp.hostname', 'dhcp.request_hostname', 'dhcp.client_mac'],
  file: ['fileinfo.filename', 'fileinfo.magic', 'fileinfo.size'],
}

const inLine = (x: Transaction) => (essence[x.type] ?? []).map((name) => x.fields.find(([n]) => n === name)?.[1]).filter(Boolean).join('  ')

export function Transactions({ id }: { id: string }) {
  const words = useWords()
  const { t, number } = words
  const [got, setGot] = useState<Known>()
  const [error, setError] = useState<unknown>()
  useEffect(() => { api.transactions(id).then(setGot, setError) }, [id])
  const list = got?.transactions ?? []
  if (got && !got.flow) return null // of a story: each finding of its steps has its own
  return (
    <section className="transactions noprint">
      <h2>{t('transactions.title')}</h2>
      {error !== undefined && <p role="alert" className="failure">{explain(error, words)}</p>}
      {got && list.length === 0 && <p className="quiet">{t('transactions.none')}</p>}
      {list.map((x, i) => (
        <details key={i} open={list.length === 1}>
          <summary><When at={x.time} seconds /> <strong>{x.type.toUpperCase()}</strong> <span className="mono">{inLine(x)}</span></summary>
          <dl className="facts">{x.fields.map(([name, value], n) => <div key={n}><dt className="mono">{name}</dt><dd className="mono">{value}</dd></div>)}</dl>
          {x.more && <p className="quiet">{t('transactions.fields', { n: number(x.fields.length) })}</p>}
        </details>
      ))}
      {got?.more && <p className="quiet">{t('transactions.more', { n: number(list.length) })}</p>}
    </section>
  )
}
