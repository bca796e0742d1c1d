// The store holds nothing yet: what to do next.
import { useWords } from '../i18n'

export function Empty() {
  const { t } = useWords()
  return (
    <section className="empty">
      <h2>{t('empty.title')}</h2>
      <p>{t('empty.lead')}</p>
      <ol>
        <li>{t('empty.watch')}<pre tabIndex={0}>khien run -i eth0</pre></li>
        <li>{t('empty.replay')}<pre tabIndex={0}>khien run -r capture.pcap</pre></li>
        <li>{t('empty.demo')}<pre tabIndex={0}>make demo</pre></li>
      </ol>
      <p>{t('empty.after')}</p>
    </section>
  )
}
