// The table of decisions: what, why, who, until when, and what can be done about it.
import { Button, Group } from '@mantine/core'
import { ended, lasting, latest, pending, type Decision } from '../blocking'
import type { Me } from '../api'
import { useWords } from '../i18n'
import { follow } from '../route'
import type { Act } from './blockact'
import { Table } from './tabletools'
import { When } from './when'

const leads = (me: Me) => me.role === 'lead' || me.role === 'admin'

export function Decisions({ list, me, act }: { list: Decision[]; me?: Me; act?: (a: Act) => void }) {
  const words = useWords()
  const { t, lang, word } = words
  const until = (d: Decision) => {
    if (pending(d)) return t('blocking.after', { time: lasting(d.ttl / 1e6, words) })
    const at = ended(d) ? d.ended || d.expires : d.expires
    const left = new Date(at).getTime() - Date.now()
    return <><When at={at} />{d.state === 'active' && left > 0 && <small>{t('unblock.left', { time: lasting(left, words) })}</small>}</>
  }
  return (
    <Table name="decisions" className="groups plain decisions">
      <thead>
        <tr>
          <th scope="col">{t('blocking.col.state')}</th>
          <th scope="col">{t('blocking.col.value')}</th>
          <th scope="col">{t('blocking.col.why')}</th>
          <th scope="col">{t('blocking.col.who')}</th>
          <th scope="col">{t('blocking.col.until')}</th>
          {act && <th scope="col">{t('finding.action')}</th>}
        </tr>
      </thead>
      <tbody>
        {list.map((d) => (
          <tr key={d.id} className={ended(d) ? 'past' : ''}>
            <td><span className={`state ${d.state}`}>{word('blocking.state', d.state)}</span>{d.emergency && <small>{t('blocking.emergency')}</small>}</td>
            <td><span className="mono">{d.value}</span> <small>{word('blocking.kind', d.kind)} · {word('blocking.action', d.action)} · {d.scope || t('blocking.everywhere')}</small></td>
            <td>
              {d.reason[lang] || d.reason.vi || d.reason.en}
              {latest(d) && <> <a href={'/finding/' + encodeURIComponent(latest(d))} onClick={follow}>{t('blocking.finding')}</a></>}
              {d.end_reason && <small>{t('blocking.ended', { user: d.ended_by ?? '', reason: d.end_reason })}</small>}
            </td>
            <td>{d.policy ? t('blocking.policy', { name: d.policy }) : d.proposer} <small>{d.approvals?.length ? t('blocking.approved', { names: d.approvals.map((a) => a.user).join(', ') }) : t('blocking.unapproved')}</small></td>
            <td>{until(d)}</td>
            {act && <td>{me && !ended(d) && <Group gap="xs">
              {leads(me) && (d.state === 'proposed' || d.state === 'dry_run') && <Button size="compact-sm" onClick={() => act({ what: 'approve', decision: d })}>{t('act.approve.submit')}</Button>}
              {me.role !== 'viewer' && <Button size="compact-sm" variant="default" onClick={() => act({ what: 'revoke', decision: d })}>{t(d.state === 'active' ? 'act.revoke.submit' : 'act.drop')}</Button>}
            </Group>}</td>}
          </tr>
        ))}
      </tbody>
    </Table>
  )
}
