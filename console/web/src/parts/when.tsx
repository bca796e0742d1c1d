// A time of Vietnam with UTC on hover.
import { useWords } from '../i18n'
import { clock, dateTime, span, utc } from '../time'

export function When({ at, to, seconds, text: as }: { at: string; to?: string; seconds?: boolean; text?: string }) {
  const { t } = useWords()
  const text = as ?? (to ? span(at, to) : seconds ? clock(at) : dateTime(at))
  const title = to && to !== at ? `${utc(at)} – ${utc(to)}` : utc(at)
  return <time dateTime={at} title={t('common.utc', { time: title })}>{text}</time>
}
