// Who enforces what we decide, when it was heard of, and whether what it enforces is what it should.
import { lasting, type Consumer, type Status } from '../blocking'
import { useWords, type Words } from '../i18n'
import { When } from './when'

// verdict compares what a consumer enforces with what it should; bad says that a person must look.
function verdict(c: Consumer, s: Status, words: Words): { text: string; bad: boolean } {
  const { t, number } = words
  if (c.read_back && (c.missing > 0 || c.extra > 0)) return { text: t('consumer.differs', { missing: number(c.missing), extra: number(c.extra) }), bad: true }
  if (c.error) return { text: t('consumer.error', { detail: c.error }), bad: true }
  if (!c.seen) return { text: t('consumer.never'), bad: true }
  if (c.behind) return { text: t('consumer.behind', { n: number(c.behind) }), bad: true }
  if (c.version > 0 && c.version < s.version) return { text: t('consumer.old'), bad: true }
  return c.read_back ? { text: t('consumer.same'), bad: false } : { text: t('consumer.unread'), bad: false }
}

export function Consumers({ list, status }: { list: Consumer[]; status: Status }) {
  const words = useWords()
  const { t, number } = words
  return (
    <section className="panel admin">
      <h2>{t('blocking.consumers')}</h2>
      {list.length === 0 ? <p className="failure">{t('blocking.consumers.none')}</p> : (
        <table className="groups plain consumers">
          <thead><tr>
            <th scope="col">{t('consumer.name')}</th><th scope="col">{t('consumer.seen')}</th>
            <th scope="col" className="num">{t('consumer.given')}</th><th scope="col" className="num">{t('consumer.enforced')}</th><th scope="col">{t('consumer.verdict')}</th>
          </tr></thead>
          <tbody>
            {list.map((c) => {
              const v = verdict(c, status, words)
              return (
                <tr key={c.name}>
                  <td><strong>{c.name}</strong> <small>{words.word('consumer.kind', c.kind)}{c.canary && <> · {t('consumer.canary')}</>}</small></td>
                  <td>{c.seen ? <><When at={c.seen} /> <small>{t('consumer.ago', { time: lasting(Date.now() - new Date(c.seen).getTime(), words) })}</small></> : '–'}</td>
                  <td className="num">{number(c.given)}{c.cut ? <small>{t('consumer.cut', { n: number(c.cut) })}</small> : null}</td>
                  <td className="num">{c.read_back ? number(c.enforced) : '–'}</td>
                  <td className={v.bad ? 'failure' : undefined}>{v.bad ? '▲ ' : '✓ '}{v.text}</td>
                </tr>
              )
            })}
          </tbody>
        </table>
      )}
    </section>
  )
}
