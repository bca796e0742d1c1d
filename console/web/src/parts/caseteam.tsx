// Who answers for a case and who takes part. Everything here can be undone.
import { Button, Select } from '@mantine/core'
import type { Me } from '../api'
import { work } from '../casework'
import { useWords } from '../i18n'
import type { Case } from '../reporting'
import type { Change } from './casetasks'

export function CaseTeam({ doc, me, names, open, change }: { doc: Case; me: Me; names: string[]; open: boolean; change: Change }) {
  const { t } = useWords()
  const owner = doc.owner ?? ''
  const members = doc.members ?? []
  const setOwner = (name: string) => change(work.owner(doc.id, name), t('case.team.done.owner', { name: name || t('common.nobody') }), () => work.owner(doc.id, owner))
  const join = (name: string) => change(work.join(doc.id, name), t('case.team.done.joined', { name }), () => work.leave(doc.id, name))
  const leave = (name: string) => change(work.leave(doc.id, name), t('case.team.done.left', { name }), () => work.join(doc.id, name))
  const others = names.filter((n) => n !== owner && !members.includes(n))
  return (
    <section>
      <h2>{t('case.team')}</h2>
      <p>{t('case.team.owner')}: <strong>{owner || t('common.nobody')}</strong></p>
      <p>{t('case.team.members')}: {members.length === 0 ? t('case.team.none') : members.map((m) => (
        <span key={m} className="pair">{m}{open && <> <Button className="noprint drop" size="compact-xs" variant="subtle" aria-label={t('case.team.leave', { name: m })} onClick={() => leave(m)}>×</Button></>}</span>
      ))}</p>
      {open && <div className="noprint">
        <div className="buttons">
          {owner !== me.name && <Button size="compact-sm" variant="default" onClick={() => setOwner(me.name)}>{t('case.team.take')}</Button>}
          {others.includes(me.name) && <Button size="compact-sm" variant="default" onClick={() => join(me.name)}>{t('case.team.join')}</Button>}
        </div>
        <Select mt="xs" size="xs" label={t('case.team.owner')} placeholder={t('common.nobody')} clearable data={names} value={owner || null}
          clearButtonProps={{ 'aria-label': t('inbox.clear') }} onChange={(v) => { if ((v ?? '') !== owner) setOwner(v ?? '') }} />
        <Select mt="xs" size="xs" label={t('case.team.add')} data={others} value={null} searchable onChange={(v) => { if (v) join(v) }} />
      </div>}
    </section>
  )
}
