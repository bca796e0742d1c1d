// What happened in a case: the traffic (seen, inferred, reported) and the work on it, in the order of time.
import { Button, Skeleton } from '@mantine/core'
import { useState } from 'react'
import { work, type Moment } from '../casework'
import { useAnswer } from '../every'
import { useWords } from '../i18n'
import type { Case } from '../reporting'
import { follow } from '../route'
import { Retry } from './retry'
import { When } from './when'

const marks: Record<string, string> = { seen: '●', inferred: '○', reported: '◌' }
const shown = 20 // the latest; all on demand and on paper

export function CaseTimeline({ doc, fresh }: { doc: Case; fresh: number }) {
  const words = useWords()
  const { t, lang, word, number } = words
  const { answer: got, error, again } = useAnswer(doc.id, () => work.timeline(doc.id), [doc.version, fresh])
  const [all, setAll] = useState(false)
  const list = got?.moments ?? []
  const hidden = all ? 0 : Math.max(0, list.length - shown)
  const say = (m: Moment) => {
    switch (m.kind) {
      case 'step': case 'finding': return <>{m.stage && <strong>{word('stage', m.stage)}: </strong>}{m.what?.[lang] || m.what?.vi || m.what?.en}{m.finding && <> <a className="noprint" href={'/finding/' + encodeURIComponent(m.finding)} onClick={follow}>{t('finding.evidence')}</a></>}</>
      case 'evidence': return t('timeline.evidence', { n: number(m.count ?? 0) })
      default: return <>{word('timeline', m.kind)}{m.text && <>: <span className="value">{m.text}</span></>}</>
    }
  }
  return (
    <section id="timeline">
      <h2>{t('timeline.title')}</h2>
      {!got ? error !== undefined ? <Retry error={error} again={again} /> : <Skeleton height={96} role="img" aria-label={t('common.loading')} /> : <>
        <p className="quiet legend"><span><span className="mark" aria-hidden="true">●</span> {word('visibility', 'seen')}</span> <span><span className="mark" aria-hidden="true">○</span> {word('visibility', 'inferred')}</span> <span><span className="mark" aria-hidden="true">◌</span> {word('visibility', 'reported')}</span> <span><span className="mark" aria-hidden="true">▪</span> {t('timeline.work')}</span></p>
        {got.more && <p className="quiet">{t('timeline.more')}</p>}
        {hidden > 0 && <Button className="noprint" size="compact-sm" variant="subtle" onClick={() => setAll(true)}>{t('timeline.all', { n: number(hidden) })}</Button>}
        <ol className="moments">
          {list.map((m, i) => (
            <li key={i} className={i < hidden ? 'paper' : ''}>
              <span className="mark" aria-hidden="true">{m.visibility ? marks[m.visibility] ?? '●' : '▪'}</span>
              <span>{m.at ? <When at={m.at} /> : <span className="quiet">{t('timeline.notime')}</span>}</span>
              <span className="quiet">{m.visibility ? word('visibility', m.visibility) : m.by}</span>
              <span>{say(m)}</span>
            </li>
          ))}
        </ol>
      </>}
    </section>
  )
}
