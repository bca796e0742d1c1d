// Why no security key can be used on this page, and what to do.
import { useWords } from '../i18n'
import { type Blocked } from '../passkey'

export function KeysOff({ why, at }: { why: Blocked; at: string }) {
  const { t } = useWords()
  if (why === '') return null
  return <p className="quiet">{t(`key.off.${why}`)}{why === 'elsewhere' && <> <a href={at}>{at}</a></>}</p>
}
