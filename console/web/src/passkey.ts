// Security keys and passkeys: what the server asks goes to the browser's authenticators, and their answers back to the
// server, in the JSON of Web Authentication, level 3 (parseCreationOptionsFromJSON and toJSON are missing in browsers of 2023).
import { call, whole, type Me } from './api'

export interface Ways {
  oidc: string // what the provider is called
  keys: string // the origin at which browsers let keys be used; '' where they cannot be
  keys_off: '' | 'none' | 'name' | 'plain'
}

export interface Key {
  id: string
  name: string
  party: string // the host name that it works at
  alone: boolean // without the password
  added: string
  used?: string
}

interface Descriptor { type: 'public-key'; id: string; transports?: AuthenticatorTransport[] }

interface Request<T> { ticket: string; options: T }

type Get = Omit<PublicKeyCredentialRequestOptions, 'challenge' | 'allowCredentials'> & { challenge: string; allowCredentials?: Descriptor[] }
type Create = Omit<PublicKeyCredentialCreationOptions, 'challenge' | 'user' | 'excludeCredentials'> & {
  challenge: string
  user: { id: string; name: string; displayName: string }
  excludeCredentials?: Descriptor[]
}

export type KeyRequest = Request<Get>

// KeyNeeded comes with the problem of a login whose password was right.
export interface KeyNeeded extends Partial<KeyRequest> {
  codes: boolean // a one-time code does as well
  party?: string // the only place where the keys work, when that is not here
}

// Blocked is why no key can be used on this page.
export type Blocked = '' | 'none' | 'name' | 'plain' | 'elsewhere' | 'browser'

export function blocked(ways: Ways): Blocked {
  if (ways.keys === '') return ways.keys_off === '' ? 'none' : ways.keys_off
  if (location.origin !== ways.keys) return 'elsewhere'
  return window.isSecureContext && 'PublicKeyCredential' in window ? '' : 'browser'
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  const raw = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(raw, (c) => c.charCodeAt(0))
}

function text(b: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(b))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

const descriptors = (list: Descriptor[] | undefined) => list?.map((d) => ({ ...d, id: bytes(d.id) }))

const answer = (c: PublicKeyCredential, response: object) =>
  ({ id: c.id, rawId: text(c.rawId), type: c.type, clientExtensionResults: c.getClientExtensionResults(), response })

// get asks an authenticator to open an account.
async function get(o: Get) {
  const c = await navigator.credentials.get({
    publicKey: { ...o, challenge: bytes(o.challenge), allowCredentials: descriptors(o.allowCredentials) },
  }) as PublicKeyCredential
  const r = c.response as AuthenticatorAssertionResponse
  return answer(c, {
    clientDataJSON: text(r.clientDataJSON), authenticatorData: text(r.authenticatorData), signature: text(r.signature),
    userHandle: r.userHandle ? text(r.userHandle) : null,
  })
}

// create asks an authenticator for a new key.
async function create(o: Create) {
  const c = await navigator.credentials.create({
    publicKey: { ...o, challenge: bytes(o.challenge), user: { ...o.user, id: bytes(o.user.id) }, excludeCredentials: descriptors(o.excludeCredentials) },
  }) as PublicKeyCredential
  const r = c.response as AuthenticatorAttestationResponse
  return answer(c, { clientDataJSON: text(r.clientDataJSON), attestationObject: text(r.attestationObject), transports: r.getTransports() })
}

// loginKey ends a login with a key.
export async function loginKey({ ticket, options }: KeyRequest): Promise<Me> {
  return call<Me>('POST', 'login/key', { ticket, credential: await get(options) })
}

// loginPasskey logs in with a passkey alone.
export async function loginPasskey(): Promise<Me> {
  return loginKey(await call<KeyRequest>('POST', 'login/passkey'))
}

// addKey adds a key to the own account.
export async function addKey(name: string, password: string): Promise<Key> {
  const { ticket, options } = await call<Request<Create>>('POST', 'keys', { password })
  return call<Key>('POST', 'keys/confirm', { ticket, name, credential: await create(options) })
}

export const keys = () => whole<'keys', Key>('keys', 'keys')
export const removeKey = (id: string, password: string) => call<unknown>('POST', `keys/${encodeURIComponent(id)}/remove`, { password })
