// What is loaded: the files, what could not be loaded and why, which rules were given up on.
import { useEvery } from '../every'
import { useWords, type Key } from '../i18n'
import type { Sets } from '../rules'
import { sensors } from '../sensors'
import { FaultList } from './ruletext'
import { When } from './when'
import { follow } from '../route'

const refreshMS = 5_000

// Standing says in a line which rules are in force, and in another when the latest loading was refused.
export function Standing({ sets: s }: { sets: Sets }) {
  const { t, number } = useWords()
  return <>
    {s.version > 0 && <Taken version={s.version} />}
    <p className="quiet">{t('rules.lead', { n: number(s.rules), off: number(s.off), faults: number(s.faults.length) })} {t('rules.since')} <When at={s.since} />.</p>
    {!s.last.ok && (
      <section className="panel refused" role="alert">
        <p><strong className="failure">▲ {t('rules.refused')}</strong> <When at={s.last.at} />. {t('rules.refused.what')}</p>
        {s.last.faults.length > 0 ? <FaultList list={s.last.faults.slice(0, 20)} /> : <pre className="rule" tabIndex={0}>{s.last.other}</pre>}
      </section>
    )}
  </>
}

// Taken says which sensors have the version of the rules that a core gives them. An account that is limited to units sees none.
function Taken({ version }: { version: number }) {
  const { t, number } = useWords()
  // Without an answer the version stands alone; the page of sensors says why.
  const list = useEvery(refreshMS, sensors.list, [version]).answer?.sensors.filter((x) => x.rules?.running) ?? []
  const have = list.filter((x) => x.rules?.running?.number === version).length
  return <p>{t('rules.of_all', { n: number(version) })} {list.length > 0 && <a href="/sensors" onClick={follow}>{t('rules.taken', { have: number(have), n: number(list.length) })}</a>}</p>
}

export function RuleSets({ sets }: { sets: Sets }) {
  const { t, number } = useWords()
  return <>
    <section className="panel admin">
      <h2>{t('rules.files')}</h2>
      <table className="groups plain sheet">
        <thead><tr><th scope="col">{t('rules.file')}</th><th scope="col">{t('rules.kind')}</th><th scope="col" className="num">{t('rules.loaded')}</th><th scope="col" className="num">{t('rules.state.off')}</th><th scope="col" className="num">{t('rules.rejected')}</th></tr></thead>
        <tbody>
          {sets.files.map((f) => (
            <tr key={f.kind + f.name}>
              <td className="mono">{f.kind === 'signatures' ? <a href={'/rules?' + new URLSearchParams({ set: f.name, sort: 'file' })} onClick={follow}>{f.name}</a> : f.name}</td>
              <td data-label={t('rules.kind')}>{t(`rules.kind.${f.kind}` as Key)}, {t(f.built_in ? 'rules.built' : 'rules.added')}</td>
              <td className="num" data-label={t('rules.loaded')}>{f.kind === 'signatures' ? number(f.loaded) : t('rules.whole')}</td>
              <td className="num" data-label={t('rules.state.off')}>{number(f.off)}</td>
              <td className="num" data-label={t('rules.rejected')}>{f.rejected > 0 ? <strong className="failure">{number(f.rejected)}</strong> : 0}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {sets.skipped > 0 && <p className="quiet">{t('rules.skipped', { n: number(sets.skipped) })}</p>}
      <p className="quiet">{t('rules.nopattern', { n: number(sets.without_pattern) })}</p>
    </section>
    <section className="panel admin">
      <h2>{t('rules.faults')}</h2>
      {sets.faults.length === 0 ? <p className="quiet">✓ {t('rules.faults.none')}</p> : <FaultList list={sets.faults} />}
    </section>
    {sets.overruns.length > 0 && (
      <section className="panel admin">
        <h2>{t('rules.overruns')}</h2>
        <p className="quiet">{t('rules.overruns.what')}</p>
        <ul className="counts">{sets.overruns.map((o) => <li key={o.id}><span><a href={'/rules?' + new URLSearchParams({ rule: o.id })} onClick={follow}>{o.msg}</a> <small className="mono">{o.id}</small></span><span className="count">{number(o.count)}</span></li>)}</ul>
      </section>
    )}
  </>
}
