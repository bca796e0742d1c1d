// What else there is: of the same group, of the same story or campaign, and about the same victim.
import { useEffect, useState } from 'react'
import { api, type Finding, type Group } from '../api'
import { useWords, type Key } from '../i18n'
import { follow } from '../route'
import { term } from './pivot'
import { Severity } from './severity'
import { When } from './when'

const shown = 5
const range = '30d'

export function Related({ doc, group }: { doc: Finding; group: string }) {
  const k = doc.khien
  return (
    <div className="noprint">
      <Same group={group} id={doc.event.id} />
      {k.campaign && <Others title="related.campaign" q={term('campaign', k.campaign.id)} but={group} />}
      {k.chain && <Others title="related.chain" q={term('chain', k.chain.id)} but={group} />}
      {doc.source?.ip && <Others title={k.source === 'fraud' ? 'related.victim' : 'related.source'} q={term('ip', doc.source.ip)} but={group} />}
    </div>
  )
}

function Same({ group, id }: { group: string; id: string }) {
  const { t, lang } = useWords()
  const [list, setList] = useState<Finding[]>([])
  useEffect(() => {
    api.groupFindings(group).then((p) => setList(p.findings.filter((f) => f.event.id !== id)), () => undefined)
  }, [group, id])
  if (list.length === 0) return null
  return (
    <section>
      <h2>{t('finding.related')}</h2>
      <ul className="related">
        {list.slice(0, 2 * shown).map((f) => (
          <li key={f.event.id}>
            <When at={f['@timestamp']} /> <a href={'/finding/' + encodeURIComponent(f.event.id)} onClick={follow}>{f.khien.summary[lang] || f.rule.name || f.rule.id}</a>
          </li>
        ))}
      </ul>
    </section>
  )
}

// Others are the worst other groups of a query, and the way to all of them.
function Others({ title, q, but }: { title: Key; q: string; but: string }) {
  const { t, lang, number } = useWords()
  const [got, setGot] = useState<{ groups: Group[]; total: number }>()
  useEffect(() => {
    // Without an answer the section is absent; the page's own error says more.
    api.groups(new URLSearchParams({ q, range, sort: 'worst', limit: String(shown + 1) })).then(setGot, () => undefined)
  }, [q])
  const others = got?.groups.filter((g) => g.key !== but).slice(0, shown) ?? []
  if (!got || others.length === 0) return null
  return (
    <section>
      <h2>{t(title)}</h2>
      <ul className="related">
        {others.map((g) => (
          <li key={g.key}>
            <Severity level={g.severity} /> <a href={'/finding/' + encodeURIComponent(g.latest_id)} onClick={follow}>{g.summary[lang] || g.rule_name || g.rule}</a>
          </li>
        ))}
      </ul>
      <p><a href={'/inbox?' + new URLSearchParams({ q, range })} onClick={follow}>{t('related.all', { n: number(got.total) })}</a></p>
    </section>
  )
}
