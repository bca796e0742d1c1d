// A dialog. The keyboard is in it from the moment that it shows, and back at what opened it from the moment that it goes: a key
// that is pressed in between would do something else.
import { Modal, type ModalProps } from '@mantine/core'
import { useLayoutEffect, useRef, useState, type ReactNode } from 'react'
import { useWords } from '../i18n'

// Dialog is there as long as it is open, so that nothing that was typed before comes back. cancel names the cross, where it does
// something else than to cancel.
export function Dialog({ cancel, children, ...rest }: Pick<ModalProps, 'title' | 'size' | 'onClose'> & { cancel?: string; children: ReactNode }) {
  const { t } = useWords()
  const [opener] = useState(reachable)
  useLayoutEffect(() => {
    const back = opener?.isConnected ? opener : document.activeElement // a dialog that follows on another one
    return () => { if (back instanceof HTMLElement) back.focus({ preventScroll: true }) }
  }, [opener])
  return (
    <Modal {...rest} opened returnFocus={false} transitionProps={{ duration: 0 }} closeButtonProps={{ 'aria-label': cancel ?? t('common.cancel') }}>
      {children}
      <Start />
    </Modal>
  )
}

// reachable is what has the keyboard; of an entry in a menu, which goes, it is what opens the menu.
function reachable(): HTMLElement | null {
  const at = document.activeElement
  const menu = at?.closest('[role=menu]')
  return menu ? document.querySelector(`[aria-controls="${menu.id}"]`) : at instanceof HTMLElement ? at : null
}

// Start moves the keyboard to the field that is marked with data-autofocus; where a form comes later than its dialog it has one of
// its own. Without a mark the dialog takes its first button, in the next moment.
export function Start() {
  const place = useRef<HTMLSpanElement>(null)
  useLayoutEffect(() => place.current?.closest('[role=dialog]')?.querySelector<HTMLElement>('[data-autofocus]')?.focus({ preventScroll: true }), [])
  return <span ref={place} hidden />
}
