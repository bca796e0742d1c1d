// What the program knows of the law: valid since when, how sure, checked when; and its text, for administrators.
import { Button, Group, SegmentedControl, Skeleton, Textarea } from '@mantine/core'
import { useState } from 'react'
import { Problem, type Me } from '../api'
import { explain } from '../errors'
import { useAnswer } from '../every'
import { useWords, type Key } from '../i18n'
import { Retry } from '../parts/retry'
import type { ToastBox } from '../parts/toast'
import { reporting, verified, type Standing } from '../reporting'
import { go } from '../route'

export function Packs({ me, address, toasts }: { me: Me; address: URL; toasts: ToastBox }) {
  const words = useWords()
  const { t, lang } = words
  const { answer, error, again: load } = useAnswer('forms', reporting.forms)
  const regimes = answer?.packs
  const regime = regimes?.find((r) => r.pack.id === address.searchParams.get('pack')) ?? regimes?.[0]
  const p = regime?.pack
  return (
    <div className="page">
      <h1>{t('packs.title')}</h1>
      <p className="quiet">{t('packs.lead')}</p>
      <Retry error={error} again={load} />
      {!regimes || !regime || !p ? error === undefined && <Skeleton height={420} role="img" aria-label={t('common.loading')} /> : <>
        <SegmentedControl mb="sm" aria-label={t('packs.title')} value={p.id} onChange={(v) => go('/packs?' + new URLSearchParams({ pack: v }), true)} data={regimes.map((r) => ({ value: r.pack.id, label: r.pack.title }))} />
        <p>{t('packs.version', { version: p.version })}{p.note && <> · {p.note}</>}</p>
        <Rows title="packs.duties" list={p.duties.map((d) => ({ ...d, name: d[lang] }))} />
        <Rows title="packs.severities" list={p.severities.map((s) => ({ ...s, name: s[lang] }))} />
        <Rows title="packs.citations" list={p.citations.map((c) => ({ ...c, name: (lang === 'en' && c.en) || c.vi }))} />
        <Rows title="packs.recipients" list={p.recipients.map((r) => ({ ...r, name: r[lang] }))} />
        <Rows title="packs.forms" list={regime.forms.map((f) => ({ ...f, name: lang === 'en' ? f.en : f.title }))} />
        {me.role === 'admin' && <Editor key={p.id} id={p.id} done={load} toasts={toasts} />}
      </>}
    </div>
  )
}

function Rows({ title, list }: { title: Key; list: (Standing & { id: string; name: string })[] }) {
  const { t, word } = useWords()
  return (
    <section className="panel admin">
      <h2>{t(title)}</h2>
      <table className="groups plain duties">
        <thead><tr><th scope="col">{t('packs.name')}</th><th scope="col">{t('packs.status')}</th><th scope="col">{t('packs.valid')}</th><th scope="col">{t('packs.confidence')}</th><th scope="col">{t('packs.checked')}</th></tr></thead>
        <tbody>
          {list.map((x) => (
            <tr key={x.id}>
              <td className="text">{x.name} <small className="mono">{x.id}</small></td>
              <td>{x.status ? word('packs.status', x.status) : '–'}</td>
              <td>{day(x.valid_from)}{x.valid_to && <> – {day(x.valid_to)}</>}</td>
              <td>{!verified(x) && <strong className="s3">{t('law.unverified')}: </strong>}{word('packs.confidence', x.confidence)}</td>
              <td>{day(x.checked_on)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

// day is a date of a pack as people here write it.
const day = (iso?: string) => (iso ? iso.split('-').reverse().join('/') : '–')

function Editor({ id, done, toasts }: { id: string; done: () => void; toasts: ToastBox }) {
  const words = useWords()
  const { t } = words
  const [text, setText] = useState<string>()
  const [version, setVersion] = useState(0)
  const [error, setError] = useState('')
  const open = () => reporting.pack(id).then((p) => { setText(p.text); setVersion(p.version); setError('') }, (e: unknown) => toasts.fail(explain(e, words)))
  const save = () => reporting.editPack(id, text ?? '', version).then((p) => { setVersion(p.version); setText(undefined); toasts.say(t('packs.saved')); done() },
    (e: unknown) => setError(e instanceof Problem && e.code === 'conflict' ? t('packs.conflict') : explain(e, words)))
  return (
    <section className="panel admin">
      <h2>{t('packs.edit')}</h2>
      <p className="quiet">{t('packs.edit.effect')}</p>
      {text === undefined ? <Button variant="default" onClick={() => void open()}>{t('packs.edit.open')}</Button> : <>
        <Textarea aria-label={t('packs.edit')} value={text} onChange={(e) => setText(e.currentTarget.value)} spellCheck={false} autosize minRows={16} maxRows={32} classNames={{ input: 'mono' }} />
        {error && <p className="failure mono" role="alert">{error}</p>}
        <Group mt="sm"><Button onClick={() => void save()}>{t('common.save')}</Button><Button variant="default" onClick={() => setText(undefined)}>{t('common.cancel')}</Button></Group>
      </>}
    </section>
  )
}
