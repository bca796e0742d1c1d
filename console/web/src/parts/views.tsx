// Saved searches: one's own and those that are shared.
import { Button, Checkbox, Menu, TextInput } from '@mantine/core'
import { useCallback, useState } from 'react'
import { api, type Me, type SavedView } from '../api'
import { explain } from '../errors'
import { useAnswer } from '../every'
import { useWords } from '../i18n'
import { Confirm } from './ask'
import type { View } from './querybar'
import type { ToastBox } from './toast'

export function Views({ view, change, me, toasts }: { view: View; change: (v: View) => void; me: Me; toasts: ToastBox }) {
  const words = useWords()
  const { t } = words
  const { answer, again: load } = useAnswer('views', api.views) // without an answer the menu only saves
  const list = answer?.views ?? []
  const [saving, setSaving] = useState(false)
  const failed = useCallback((e: unknown) => toasts.fail(explain(e, words)), [toasts, words])
  const drop = (v: SavedView) => api.dropView(v.id).then(() => {
    load()
    toasts.say(t('views.dropped', { name: v.name }), () => { api.saveView(v).then(load, failed) })
  }, failed)
  return (
    <>
      <Menu position="bottom-end" withinPortal transitionProps={{ duration: 0 }}>
        <Menu.Target><Button variant="default">{t('views.menu')} ▾</Button></Menu.Target>
        <Menu.Dropdown>
          {list.map((v) => (
            <Menu.Item key={v.id} onClick={() => change({ q: v.q, range: v.range, sort: v.sort })}
              rightSection={v.owner === me.name || me.role === 'admin' ? (
                <span role="button" tabIndex={-1} className="drop" aria-label={t('views.drop', { name: v.name })} title={t('views.drop', { name: v.name })}
                  onClick={(e) => { e.stopPropagation(); void drop(v) }}>×</span>) : undefined}>
              {v.name}{v.shared && <small className="quiet"> · {t('views.by', { owner: v.owner })}</small>}
            </Menu.Item>
          ))}
          {list.length > 0 && <Menu.Divider />}
          <Menu.Item onClick={() => setSaving(true)}>{t('views.save')}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {saving && <Save view={view} close={() => setSaving(false)} done={load} />}
    </>
  )
}

function Save({ view, close, done }: { view: View; close: () => void; done: () => void }) {
  const { t } = useWords()
  const [name, setName] = useState('')
  const [shared, setShared] = useState(false)
  return (
    <Confirm title={t('views.save')} submit={t('common.save')} close={close} send={() => api.saveView({ ...view, name: name.trim(), shared }).then(done)} ready={name.trim() !== ''}>
      <p className="mono quiet">{view.q || '*'}</p>
      <TextInput label={t('views.name')} value={name} onChange={(e) => setName(e.currentTarget.value)} maxLength={60} data-autofocus required />
      <Checkbox mt="sm" label={t('views.shared')} checked={shared} onChange={(e) => setShared(e.currentTarget.checked)} />
    </Confirm>
  )
}
