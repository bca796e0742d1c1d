// Addresses that stand as pseudonyms, and who may see them, as the server documents it.
import { createContext, useContext } from 'react'
import { call, type Me, type Role } from './api'

export interface HiddenPolicy {
  role: Role
  second_person: boolean
  hours: number
}

export interface RevealRequest {
  id: string
  of: 'address' | 'finding' | 'case'
  subject: string
  addresses: number
  by: string
  purpose: string
  asked: string
  state: 'waiting' | 'open' | 'refused' | 'ended'
  answered?: string
  until?: string
  own: boolean
}

export const revealing = {
  list: (unattended?: boolean) => call<{ reveals: RevealRequest[]; next: string }>('GET', 'reveals', undefined, undefined, unattended),
  ask: (of: RevealRequest['of'], subject: string, purpose: string) => call<RevealRequest>('POST', 'reveals', { of, subject, purpose }),
  agree: (id: string) => call<RevealRequest>('POST', `reveals/${encodeURIComponent(id)}/agree`),
  refuse: (id: string) => call<RevealRequest>('POST', `reveals/${encodeURIComponent(id)}/refuse`),
  end: (id: string) => call<RevealRequest>('DELETE', `reveals/${encodeURIComponent(id)}`),
}

const ranks: Role[] = ['viewer', 'analyst', 'lead', 'admin']

// mayReveal says whether an account may ask to see an address.
export const mayReveal = (me: Me) => me.hidden !== undefined && ranks.indexOf(me.role) >= ranks.indexOf(me.hidden.role)

// Hidden is the account whose pages these are, for parts that stand deep in them.
export const Hidden = createContext<Me | undefined>(undefined)
export const useHidden = () => useContext(Hidden)

export const isPseudonym = (s: string) => /^K-([0-9A-F]{8}|[0-9A-F]{32})$/.test(s)
export const holdsPseudonym = (value: unknown) => /K-[0-9A-F]{8}/.test(JSON.stringify(value))

// shown tells the pages that they may show more than before: they load anew.
export const changed = 'khien:reveal'
