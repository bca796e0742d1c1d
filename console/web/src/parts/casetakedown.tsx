// What is to be taken down because of a case, and how far that is.
import { useEffect, useState } from 'react'
import { work, type Target } from '../casework'
import { explain } from '../errors'
import { useWords } from '../i18n'
import { When } from './when'

export function CaseTakedown({ id }: { id: string }) {
  const words = useWords()
  const { t, word } = words
  const [list, setList] = useState<Target[]>()
  const [error, setError] = useState<unknown>()
  useEffect(() => { work.takedown(id).then((r) => setList(r.targets), setError) }, [id])
  return (
    <section>
      <h2>{t('takedown.title')}</h2>
      {error !== undefined && <p className="failure" role="alert">{explain(error, words)}</p>}
      {list && (list.length === 0 ? <p className="quiet">{t('takedown.none')}</p> : (
        <ul className="entities">
          {list.map((x) => {
            const last = x.moves.at(-1)
            const probe = x.probes?.at(-1)
            return (
              <li key={x.id}>
                <strong>{word('takedown.state', x.state)}</strong> <span className="mono">{x.value}</span>
                {last && <div className="quiet"><When at={last.at} /> · {last.by}{last.note && <>: <span className="value">{last.note}</span></>}</div>}
                {probe && <div className="quiet">{probe.up ? t('takedown.up') : t('takedown.down')} <When at={probe.at} /></div>}
              </li>
            )
          })}
        </ul>
      ))}
    </section>
  )
}
