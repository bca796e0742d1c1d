// What has been done about a value: decisions to block it, and cases that speak of it.
import { useEffect, useState } from 'react'
import type { Entity } from '../api'
import { blocking, type Decision } from '../blocking'
import { useWords } from '../i18n'
import { reporting, type Case } from '../reporting'
import { follow } from '../route'
import { When } from './when'

// names says whether a case is about an entity: it lists it, or one of the findings that the page shows.
const names = (c: Case, e: Entity) => c.entities?.some((x) => x.kind === e.kind && x.value === e.value) || e.groups.some((g) => c.findings.includes(g.latest_id))

export function Done({ entity }: { entity: Entity }) {
  const { t, word } = useWords()
  const [decisions, setDecisions] = useState<Decision[]>([])
  const [cases, setCases] = useState<Case[]>([])
  useEffect(() => {
    // Accounts that may not see them see none.
    blocking.about(entity.value).then((r) => setDecisions(r.page.decisions.filter((d) => d.value === entity.value || d.value.endsWith('.' + entity.value))), () => setDecisions([]))
    reporting.cases('').then((r) => setCases(r.cases.filter((c) => names(c, entity)).toReversed()), () => setCases([]))
  }, [entity])
  return <>
    <section>
      <h2>{t('blocking.title')}</h2>
      {decisions.length === 0 ? <p className="quiet">{t('entity.unblocked')}</p> : (
        <ul className="related">{decisions.map((d) => <li key={d.id}><span className="mono">{d.value}</span> · <a href="/blocking" onClick={follow}>{word('blocking.state', d.state)}</a> · <When at={d.created} /></li>)}</ul>
      )}
    </section>
    <section>
      <h2>{t('cases.title')}</h2>
      {cases.length === 0 ? <p className="quiet">{t('entity.nocase')}</p> : (
        <ul className="related">{cases.map((c) => <li key={c.id}><a href={'/cases/' + encodeURIComponent(c.id)} onClick={follow}><span className="mono">{c.id}</span> {c.title}</a></li>)}</ul>
      )}
    </section>
  </>
}
