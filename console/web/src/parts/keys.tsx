import { Kbd, Modal } from '@mantine/core'
import { useWords } from '../i18n'

const keys = [['j', 'j'], ['k', 'k'], ['x', 'x'], ['Enter', 'enter'], ['c', 'c'], ['e', 'e'], ['s', 's'], ['t', 't'], ['u', 'u'], ['/', 'slash'], ['?', 'help']] as const

export function KeysDialog({ open, close }: { open: boolean; close: () => void }) {
  const { t } = useWords()
  return (
    <Modal opened={open} onClose={close} title={t('keys.title')} transitionProps={{ duration: 0 }} closeButtonProps={{ 'aria-label': t('common.cancel') }}>
      <dl className="facts">
        {keys.map(([key, name]) => <div key={key}><dt><Kbd>{key}</Kbd></dt><dd>{t(`keys.${name}`)}</dd></div>)}
      </dl>
    </Modal>
  )
}
