// Who is this host or name, what is this file or client? What the findings tell, the worst first.
import { Skeleton } from '@mantine/core'
import { useEffect, useState, type ReactNode } from 'react'
import { api, type Entity as Known, type Machine, type Me } from '../api'
import { explain } from '../errors'
import { useWords, type Key } from '../i18n'
import { Done } from '../parts/done'
import { LossLine } from '../parts/lossline'
import { Pivot, term, type EntityKind, type Field } from '../parts/pivot'
import { Severity } from '../parts/severity'
import { When } from '../parts/when'
import { follow } from '../route'

export function Entity({ kind, value }: { kind: EntityKind; value: string; me: Me }) {
  const words = useWords()
  const { t, lang, number } = words
  const [known, setKnown] = useState<Known>()
  const [error, setError] = useState<unknown>()
  useEffect(() => {
    setKnown(undefined)
    setError(undefined)
    api.entity(kind, value).then(setKnown, setError)
  }, [kind, value])
  const cert = known?.certificate
  const asked = term(kind, value)
  return (
    <div className="page finding">
      <p className="noprint"><a href="/inbox" onClick={(e) => { if (history.length > 1) { e.preventDefault(); history.back() } else follow(e) }}>← {t('common.back')}</a></p>
      <header>
        <h1>{t(`entity.${kind}`)} <span className="mono">{value}</span></h1>
        {error !== undefined && <p className="failure" role="alert">{explain(error, words)}</p>}
        {known && known.first && known.last && (
          <dl className="lead">
            <div><dt>{t('entity.first')}</dt><dd><When at={known.first} /></dd></div>
            <div><dt>{t('entity.last')}</dt><dd><When at={known.last} /></dd></div>
            <div><dt>{t('entity.findings')}</dt><dd><Found q={asked}>{known.partial ? t('entity.atleast', { n: number(known.findings) }) : number(known.findings)}</Found></dd></div>
            {[4, 3, 2, 1].map((s) => known.severities[s - 1] > 0 && <div key={s}><dt><Severity level={s} /></dt><dd><Found q={`${asked} severity:${s}`}>{number(known.severities[s - 1])}</Found></dd></div>)}
            {cert?.subject && <div><dt>{t('field.cert_subject')}</dt><dd>{cert.subject}</dd></div>}
            {cert?.issuer && <div><dt>{t('field.cert_issuer')}</dt><dd>{cert.issuer}</dd></div>}
            {cert?.not_before && cert.not_after && <div><dt>{t('field.cert_valid')}</dt><dd><When at={cert.not_before} /> – <When at={cert.not_after} /></dd></div>}
            {cert && <div><dt>{t('entity.connections')}</dt><dd>{cert.partial ? t('entity.atleast', { n: number(cert.connections) }) : number(cert.connections)}</dd></div>}
            <div><dt>{t('entity.search')}</dt><dd><Pivot field={kind} value={value} label={t('pivot.title')} /></dd></div>
          </dl>
        )}
        {known && !known.first && <p className="quiet">{t('entity.none')}</p>}
        {known?.first && known.last && <LossLine from={known.first} to={known.last} />}
        {known?.partial && <p className="quiet">{t('entity.partial')}</p>}
      </header>
      {!known ? error === undefined && <Skeleton height={320} role="img" aria-label={t('common.loading')} /> : (known.first || known.certs.length > 0 || known.machines.length > 0) && (
        <div className="two">
          <section>
            <h2>{t('entity.groups')}</h2>
            {known.groups.length === 0 && <p className="quiet">{t('entity.nogroups')}</p>}
            <ul className="stories">
              {known.groups.map((g) => (
                <li key={g.key}>
                  <Severity level={g.severity} />
                  <a href={'/finding/' + encodeURIComponent(g.latest_id)} onClick={follow}>{g.summary[lang] || g.rule_name || g.rule}</a>
                  <span className="quiet">{words.word('status', g.status)}</span>
                  <When at={g.last} />
                </li>
              ))}
            </ul>
          </section>
          <aside>
            <Done entity={known} />
            <Machines list={known.machines} />
            {cert && <Counts title="entity.shown_for" rows={cert.hosts} field="host" />}
            {cert && <Counts title="entity.shown_by" rows={cert.servers} field="ip" />}
            <Counts within={asked} title="entity.peers" rows={known.peers} field="ip" />
            <Counts within={asked} title="entity.hosts" rows={known.hosts} field="host" />
            <Counts within={asked} title="entity.brands" rows={known.brands} field="brand" />
            <Counts title="entity.rules" rows={known.rules} />
            <Counts within={asked} title="entity.files" rows={known.files} field="sha256" />
            <Counts title="entity.names" rows={known.names} />
            <Counts within={asked} title="entity.clients" rows={known.ja4} field="ja4" />
            <Counts within={kind === 'host' ? undefined : asked} title="entity.certs" rows={known.certs} field="cert" />
            <Counts within={asked} title="entity.sensors" rows={known.sensors} field="sensor" />
          </aside>
        </div>
      )}
    </div>
  )
}

// Found is a number of findings, which leads to them.
function Found({ q, children }: { q: string; children: ReactNode }) {
  return <a href={'/find?' + new URLSearchParams({ q, range: 'all' })} onClick={follow}>{children}</a>
}

// Machines are those that had an address, the newest first.
function Machines({ list }: { list: Machine[] }) {
  const { t } = useWords()
  if (list.length === 0) return null
  return (
    <section>
      <h2>{t('entity.machines')}</h2>
      <ul className="machines">
        {list.map((m) => (
          <li key={m.mac + m.name}>
            <strong>{m.name || t('entity.unnamed')}</strong> <span className="mono">{m.mac}</span>
            <span className="quiet"><When at={m.first} /> – <When at={m.until} />{m.vendor && <> · {m.vendor}</>}</span>
          </li>
        ))}
      </ul>
      <p className="quiet">{t('entity.machines_note')}</p>
    </section>
  )
}

// Counts are values with how often they occur: within what was asked for, where they are counted in findings.
function Counts({ title, rows, field, within }: { title: Key; rows: { name: string; count: number }[]; field?: Field; within?: string }) {
  const { t, number } = useWords()
  if (rows.length === 0) return null
  return (
    <section>
      <h2>{t(title)}</h2>
      <ul className="counts">
        {rows.map((r) => (
          <li key={r.name}>
            <span className="mono">{field ? <Pivot field={field} value={r.name} /> : r.name}</span>
            <span className="count">{field && within ? <Found q={`${within} ${term(field, r.name)}`}>{number(r.count)}</Found> : number(r.count)}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
