// Frozen copies of what a case is about, each checked when it is listed, and the custody log of the case.
import { Button, Skeleton } from '@mantine/core'
import { useState } from 'react'
import { frozenFile, work, type CustodyEvent } from '../casework'
import { explain } from '../errors'
import { useAnswer } from '../every'
import { useWords, type Words } from '../i18n'
import type { Case } from '../reporting'
import { follow } from '../route'
import { Confirm } from './ask'
import { told } from './freezing'
import { Retry } from './retry'
import { When } from './when'

const size = (n: number, { number }: Words) =>
  n < 1024 ? `${number(n)} byte` : n < 1 << 20 ? `${number(n / 1024, 1)} KiB` : n < 1 << 30 ? `${number(n / (1 << 20), 1)} MiB` : `${number(n / (1 << 30), 1)} GiB`

export function CaseEvidence({ doc, open, changed }: { doc: Case; open: boolean; changed: () => void }) {
  const words = useWords()
  const { t, word, number } = words
  const { answer: got, error, again } = useAnswer(doc.id, () => work.evidence(doc.id))
  const chain = useAnswer(doc.id, () => work.custody(doc.id))
  const custody = chain.answer?.events
  const [asking, setAsking] = useState(false)
  const [said, setSaid] = useState('')
  const freeze = () => work.freeze(doc.id, []).then((x) => setSaid(told(x, words))).finally(() => { again(); chain.again(); changed() })
  const bad = got?.frozen.filter((f) => f.state !== 'whole').length ?? 0
  return (
    <section id="evidence">
      <h2>{t('evidence.title')}</h2>
      <Retry error={error} again={again} />
      {!got && error === undefined && <Skeleton height={72} role="img" aria-label={t('common.loading')} />}
      {bad > 0 && <p className="failure" role="alert">{t('evidence.bad', { n: number(bad) })}</p>}
      {got && (got.frozen.length === 0 ? <p className="quiet">{t('evidence.none')}</p> : (
        <div className="wide"><table className="groups plain duties">
          <thead><tr><th scope="col">{t('evidence.what')}</th><th scope="col">{t('evidence.state')}</th><th scope="col" className="num">{t('field.size')}</th><th scope="col">{t('evidence.who')}</th><th scope="col">{t('field.sha256')}</th></tr></thead>
          <tbody>{got.frozen.map((f) => (
            <tr key={f.sha256}>
              <td className="text"><strong>{word('evidence.of', f.of)}</strong>{f.name && <> <span className="mono">{f.name}</span></>}{f.part && <> <span className="s2">{t('evidence.part')}</span></>}
                <div className="quiet">{word('evidence.from', f.of)} · <a href={'/finding/' + encodeURIComponent(f.finding)} onClick={follow}>{t('evidence.finding')}</a></div></td>
              <td><span className={f.state === 'whole' ? '' : 'failure'}>{f.state === 'whole' ? '✓' : '!'} {word('evidence.state', f.state)}</span></td>
              <td className="num">{size(f.size, words)}</td>
              <td>{f.collector}<div className="quiet"><When at={f.acquired_at} /></div></td>
              <td><code title={f.sha256}>{f.sha256.slice(0, 16)}…</code>{f.state === 'whole' && <div className="noprint"><a href={frozenFile(doc.id, f.sha256)} download aria-label={t('evidence.download.of', { what: `${word('evidence.of', f.of)} ${f.sha256.slice(0, 16)}` })}>{t('evidence.download')}</a></div>}</td>
            </tr>
          ))}</tbody>
        </table></div>
      ))}
      {got && got.frozen.length > 0 && <p className="quiet">{t('evidence.note')} <span className="noprint">{t('file.password')} <code>{got.password}</code>.</span></p>}
      {said && <p role="status">{said}</p>}
      {open && got && <p className="noprint"><Button size="sm" variant="default" disabled={doc.findings.length === 0} onClick={() => setAsking(true)}>{t('evidence.freeze')}</Button></p>}
      <details open={chain.error !== undefined || undefined}>
        <summary>{t('custody.title')}{custody && ` (${number(custody.length)})`}</summary>
        {chain.error !== undefined ? <p className="failure" role="alert">{explain(chain.error, words)}</p> : custody && <Custody list={custody} />}
      </details>
      {asking && (
        <Confirm title={t('evidence.freeze')} submit={t('evidence.freeze')} close={() => setAsking(false)} send={freeze}>
          <p>{t('evidence.effect', { n: number(doc.findings.length) })}</p>
          {got && got.max > 0 && <p className="quiet">{t('evidence.room', { used: size(got.used, words), max: size(got.max, words), case: size(got.case_max, words) })}</p>}
        </Confirm>
      )}
    </section>
  )
}

function Custody({ list }: { list: CustodyEvent[] }) {
  const { t, word } = useWords()
  if (list.length === 0) return <p className="quiet">{t('custody.none')}</p>
  return (
    <div className="wide"><table className="groups plain duties">
      <thead><tr><th scope="col" className="num">{t('custody.seq')}</th><th scope="col">{t('custody.at')}</th><th scope="col">{t('custody.action')}</th><th scope="col">{t('custody.people')}</th><th scope="col">{t('custody.purpose')}</th></tr></thead>
      <tbody>{list.map((e) => (
        <tr key={e.seq}>
          <td className="num">{e.seq}</td><td><When at={e.at} /></td><td>{word('custody.did', e.action)}</td>
          <td className="text">{[[e.from.name, e.from.unit].filter(Boolean).join(', '), [e.to.name, e.to.unit].filter(Boolean).join(', ')].filter(Boolean).join(' → ') || '–'}</td>
          <td className="text">{e.purpose}<div><code title={e.evidence}>{e.evidence.slice(0, 16)}…</code>{e.seal_no && ` · ${t('custody.seal', { n: e.seal_no })}`}</div></td>
        </tr>
      ))}</tbody>
    </table></div>
  )
}
