// The file that a finding is about: what it is, what else matched it, and the way to take it along safely.
import { useEffect, useState } from 'react'
import { api, Problem, type FileKnown, type Me } from '../api'
import { explain } from '../errors'
import { useWords } from '../i18n'
import { follow } from '../route'
import { Pivot } from './pivot'
import { Severity } from './severity'

export function FileSection({ id, me }: { id: string; me: Me }) {
  const words = useWords()
  const { t, lang, number } = words
  const [file, setFile] = useState<FileKnown>()
  const [error, setError] = useState<unknown>()
  useEffect(() => { api.file(id).then(setFile, setError) }, [id])
  return (
    <section className="file">
      <h2>{t('file.title')}</h2>
      {error !== undefined && <p role="alert" className="failure">{explain(error, words)}</p>}
      {file && <>
        <dl className="facts">
          {file.name && <div><dt>{t('file.name')}</dt><dd className="mono">{file.name}</dd></div>}
          {file.type && <div><dt>{t('file.type')}</dt><dd className="mono">{file.type}</dd></div>}
          <div><dt>{t('field.size')}</dt><dd>{number(file.size)} byte</dd></div>
          <div><dt>{t('field.sha256')}</dt><dd className="mono"><Pivot field="sha256" value={file.sha256} /></dd></div>
          <div><dt>{t('file.matches')}</dt><dd>{file.matches.length === 0 ? t('file.matches.none') : (
            <ul className="plainlist">
              {file.matches.map((m) => (
                <li key={m.rule}><Severity level={m.severity} /> <a href={'/finding/' + encodeURIComponent(m.id)} onClick={follow}>{m.summary[lang] || m.rule}</a> <span className="mono quiet">{m.rule}</span></li>
              ))}
            </ul>
          )}</dd></div>
        </dl>
        {file.kept === 'off' ? <p className="quiet noprint">{t('file.off')}</p> : file.kept === 'no' ? <p className="quiet noprint">{t('file.no')}</p>
          : file.kept !== 'yes' ? <p className="quiet noprint">{explain(new Problem(503, file.kept, file), words)}</p>
          : me.role === 'viewer' ? <p className="quiet noprint">{t('file.role')}</p> : (
            <p className="noprint">
              <a href={`/api/v1/findings/${encodeURIComponent(id)}/file.zip`} download>{t('file.download')}</a> · {t('file.password')} <code>{file.password}</code>
              <br /><small className="quiet">{t('file.warning')}</small>
            </p>
          )}
      </>}
    </section>
  )
}
