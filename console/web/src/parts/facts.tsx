// The plain facts of a finding, those that are known.
import type { ReactNode } from 'react'
import type { End, Finding } from '../api'
import { useWords, type Key } from '../i18n'
import { Pivot, type Field } from './pivot'
import { When } from './when'

const end = (field: Field, e?: End) => e?.ip && <><Pivot field={field} value={e.ip} />{e.port ? <span className="quiet"> : {e.port}</span> : null}</>

export function Facts({ doc }: { doc: Finding }) {
  const { t, number } = useWords()
  const k = doc.khien
  const cert = doc.tls?.server
  const rows: [Key, ReactNode][] = [
    ['field.source', end('src', doc.source)],
    ['field.destination', end('dst', doc.destination)],
    ['field.source_place', place(doc.source)],
    ['field.destination_place', place(doc.destination)],
    ['field.protocol', [doc.network?.transport, doc.network?.protocol].filter(Boolean).join(' / ')],
    ['field.domain', one('host', k.domain)],
    ['field.url', doc.url?.original],
    ['field.user_agent', doc.user_agent?.original],
    ['field.ja4', one('ja4', doc.tls?.client.ja4)],
    ['field.cert', one('cert', cert?.hash.sha1 ?? cert?.hash.sha256)],
    ['field.cert_subject', cert?.subject],
    ['field.cert_issuer', cert?.issuer],
    ['field.cert_valid', cert?.not_before && cert.not_after && <><When at={cert.not_before} /> – <When at={cert.not_after} /></>],
    ['field.file', [doc.file?.name, doc.file?.mime_type].filter(Boolean).join(' · ')],
    ['field.size', doc.file?.size ? `${number(doc.file.size)} byte` : undefined],
    ['field.sha256', one('sha256', doc.file?.hash?.sha256)],
    ['field.hosts', doc.related?.hosts?.length ? <Values field="host" list={doc.related.hosts.slice(0, 20)} /> : undefined],
    ['field.ips', doc.related?.ip?.length ? <Values field="ip" list={doc.related.ip.slice(0, 20)} /> : undefined],
    ['field.chain', one('chain', k.chain?.id)],
    ['field.campaign', one('campaign', k.campaign?.id)],
    ['field.community_id', doc.network?.community_id],
    ['field.capture', doc.pcap_filename],
    ['field.packet', k.evidence?.packet ? number(k.evidence.packet) : undefined],
    ['field.sensor', one('sensor', doc.observer.name)],
    ['field.interface', doc.observer.ingress?.interface.name],
    ['field.id', doc.event.id],
  ]
  return <dl className="facts">{rows.filter(([, v]) => v).map(([key, v]) => <div key={key}><dt>{t(key)}</dt><dd className="mono">{v}</dd></div>)}</dl>
}

// place is the network that an address belongs to, and its country.
function place(e?: End) {
  if (!e?.as && !e?.geo) return undefined
  return <>
    {e.as?.number && <><Pivot field="as" value={String(e.as.number)} label={`AS${e.as.number}`} /> </>}
    {e.as?.organization?.name}{e.as && e.geo && ' · '}
    {e.geo && <Pivot field="country" value={e.geo.country_iso_code} />}
  </>
}

const one = (field: Field, value?: string) => value && <Pivot field={field} value={value} />

function Values({ field, list }: { field: Field; list: string[] }) {
  return <>{list.map((v, i) => <span key={v}>{i > 0 && ', '}<Pivot field={field} value={v} /></span>)}</>
}
