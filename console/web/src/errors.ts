// What a failure means, in the reader's language: what failed, whether anything was lost, what to do.
import { Problem } from './api'
import type { Words } from './i18n'

export function explain(e: unknown, { t }: Words): string {
  if (!(e instanceof Problem)) return t('error.other', { detail: e instanceof Error ? e.message : String(e) })
  const detail = e.body.detail ?? e.body.title ?? ''
  switch (e.code) {
    case 'network': return t('error.network')
    case 'login': return t('error.login')
    case 'role': return t('error.role')
    case 'not_found': return t('error.not_found')
    case 'rules_off': return t('error.rules_off')
    case 'bad_capture': return t('error.bad_capture', { detail })
    case 'packets_time': return t('error.packets_time')
    case 'rules_busy': return t('error.rules_busy')
    case 'packets_off': return t('error.packets_off')
    case 'packets_none': return t('error.packets_none')
    case 'packets_no_flow': return t('error.packets_no_flow')
    case 'never': return t('error.never', { detail })
    case 'brake': return t('error.brake', { detail })
    case 'bad_value': return t('error.bad_value')
    case 'exists': return t('error.exists')
    case 'state': return t('error.state', { detail })
    case 'four_eyes': return t('error.four_eyes', { detail })
    case 'blocking_off': return t('error.blocking_off')
    case 'preview_old': return t('error.preview_old')
    case 'undo_gone': return t('error.undo_gone')
    case 'too_many_groups': return t('error.too_many_groups', { n: detail, max: e.body.hint ?? '' })
    case 'wrong_password': return t('error.wrong_password')
    case 'weak_password': return t('error.weak_password')
    case 'throttled': return t('error.throttled', { seconds: e.body.retry_after ?? 60 })
    case 'rate': return t('error.rate', { seconds: e.body.retry_after ?? 60 })
    case 'totp': return t('error.totp')
    case 'name_taken': return t('error.name_taken')
    case 'admin_units': return t('error.admin_units')
    case 'subject': return t('error.subject')
    case 'outside': return t('error.outside')
    case 'last_admin': return t('error.last_admin')
    case 'too_large': return t('error.too_large')
    case 'bad_request': return t('error.bad_request', { detail })
    case 'case_closed': return t('error.case_closed')
    case 'missing_fields': return t('error.missing_fields', { detail })
    case 'unconfirmed': return t('error.unconfirmed')
    case 'conflict': return e.body.changed_by === undefined ? t('error.changed') : t('error.conflict', { user: e.body.changed_by ?? '?' })
    case 'internal': return t('error.internal', { detail })
    default: return t('error.other', { detail })
  }
}
