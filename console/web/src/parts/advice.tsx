// What has to be done now about a fraud that somebody went through: for the victim first, by the steps that there are.
import type { Finding } from '../api'
import { useWords } from '../i18n'


export function Advice({ doc }: { doc: Finding }) {
  const { t } = useWords()
  const k = doc.khien
  const known = new Set([k.fraud?.stage, ...(k.steps ?? []).map((s) => s.stage)])
  const has = (...list: string[]) => list.some((s) => known.has(s))
  if (k.source !== 'fraud' || !has('transfer', 'remote_control', 'c2', 'apk', 'submission', 'page')) return null
  return (
    <section className="advice">
      <h2>{t('advice.title')}</h2>
      <ol>
        {doc.source?.ip && <li>{t('advice.people', { ip: doc.source.ip })}</li>}
        {has('remote_control', 'c2', 'apk') && <li>{t(has('remote_control', 'c2') ? 'advice.cut.now' : 'advice.cut')}</li>}
        {has('submission') ? <li>{t('advice.submission')}</li> : has('page') && <li>{t('advice.page')}</li>}
        {has('transfer') && <li>{t('advice.transfer')}</li>}
        <li>{t('advice.keep')}</li>
        {k.domain && <li>{t('advice.block', { host: k.domain })}</li>}
        {k.not_seen && k.not_seen.length > 0 && <li>{t('advice.ask')}</li>}
      </ol>
    </section>
  )
}
