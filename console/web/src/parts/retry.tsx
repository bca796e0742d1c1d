// What went wrong with what a page asked, and the way to ask again.
import { Button } from '@mantine/core'
import { explain } from '../errors'
import { useWords } from '../i18n'

export function Retry({ error, again }: { error: unknown; again: () => void }) {
  const words = useWords()
  if (error === undefined) return null
  return <p className="failure" role="alert">{explain(error, words)} <Button size="compact-sm" onClick={again}>{words.t('common.retry')}</Button></p>
}
