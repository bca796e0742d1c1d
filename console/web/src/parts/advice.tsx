// What has to be done now about a fraud that somebody went through: for the victim first, by the steps that there are.
import type { Finding } from '../api'
import { useWords, type Key } from '../i18n'

// stages are those with advice of their own, the most urgent first.
const stages = ['transfer', 'remote_control', 'c2', 'apk', 'submission', 'page']

export function Advice({ doc }: { doc: Finding }) {
  const { t } = useWords()
  const k = doc.khien
  const known = new Set([k.fraud?.stage, ...(k.steps ?? []).map((s) => s.stage)])
  const urgent = stages.filter((s) => known.has(s) && (s !== 'page' || !known.has('submission')))
  if (k.source !== 'fraud' || urgent.length === 0) return null
  return (
    <section className="advice">
      <h2>{t('advice.title')}</h2>
      <ol>
        {doc.source?.ip && <li>{t('advice.people', { ip: doc.source.ip })}</li>}
        {urgent.map((s) => <li key={s}>{t(`advice.${s}` as Key)}</li>)}
        <li>{t('advice.keep')}</li>
        {k.domain && <li>{t('advice.block', { host: k.domain })}</li>}
      </ol>
    </section>
  )
}
