// What blocking a value would do, before anybody decides: what protects it, what it would have stopped, who must agree.
import { useEffect, useState } from 'react'
import { blocking, ended, type Report } from '../blocking'
import { explain, wrong } from '../errors'
import { useWords } from '../i18n'

const wait = 300 // ms after the last letter

// useEffectOf asks about a value; the error is in words.
export function useEffectOf(value: string): { report?: Report; error: string } {
  const words = useWords()
  const [got, setGot] = useState<{ value: string; report?: Report; error: string }>({ value: '', error: '' })
  useEffect(() => {
    if (value === '') return
    let old = false
    const timer = setTimeout(() => {
      blocking.test(value).then(
        (r) => { if (!old) setGot({ value, report: r.report, error: '' }) },
        (e: unknown) => { if (!old) setGot({ value, error: explain(e, words) }) })
    }, wait)
    return () => { old = true; clearTimeout(timer) }
  }, [value, words])
  return got.value === value ? got : { error: '' }
}

export function Protection({ report }: { report: Report }) {
  const words = useWords()
  const { t, lang } = words
  if (report.protected) {
    return <p className="failure">{t('blocking.protected', { owner: report.protected.owner, reason: report.protected.reason[lang] || report.protected.reason.vi || report.protected.reason.en })}</p>
  }
  return report.refused ? <p className="failure">{t('error.brake', { detail: wrong(report, words) || report.refused })}</p> : null
}

export function Effect({ value, found, own = '' }: { value: string; found: ReturnType<typeof useEffectOf>; own?: string }) {
  const words = useWords()
  const { t, number } = words
  const { report, error } = found
  const open = report?.decisions?.find((d) => !ended(d) && d.id !== own)
  return (
    <div className="preview" role="status" tabIndex={0}>
      {value === '' ? <p className="quiet">{t('blocking.effect.none')}</p> : error ? <p className="failure">{error}</p> : !report ? <p className="quiet">{t('common.loading')}</p> : <>
        <Protection report={report} />
        {open && <p className="failure">{t('blocking.effect.open', { value: open.value, state: words.word('blocking.state', open.state) })}</p>}
        {report.impact && <>
          <p><strong>{t('blocking.effect.hits', { n: number(report.impact.hits) })}</strong></p>
          <p className="quiet">{t('blocking.effect.bound')}</p>
          <ul>{report.impact.samples?.slice(0, 3).map((s, i) => <li key={i} className="mono">{s.client} → {s.server} {s.what}</li>)}</ul>
        </>}
        {(report.names ?? 0) > 1 && <p>{t('blocking.effect.names', { n: number(report.names ?? 0) })}</p>}
        {report.four_eyes && <p>{t('blocking.effect.two')}</p>}
      </>}
    </div>
  )
}
