// The frame around every page: who is logged in, where one is, language and theme.
import { ActionIcon, Button, Menu, SegmentedControl, useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { lazy, Suspense, useCallback, useEffect, useState } from 'react'
import { api, Problem, type Me } from './api'
import { asking } from './asking'
import { explain } from './errors'
import { useWords, type Lang } from './i18n'
import { useLive, type Decided, type Told } from './live'
import { Keys } from './parts/keys'
import { PasswordDialog } from './parts/password'
import { entities, PivotMenu, type EntityKind } from './parts/pivot'
import { Headline, WaitingCount } from './parts/headline'
import { Wanted } from './parts/reveals'
import { Together } from './parts/together'
import { changed, Hidden, mayReveal } from './reveal'
import { Toasts, useToasts } from './parts/toast'
import { Admin } from './pages/admin'
import { Cases } from './pages/cases'
import { Entity } from './pages/entity'
import { Find } from './pages/find'
import { Finding } from './pages/finding'
import { Inbox } from './pages/inbox'
import { Login } from './pages/login'
import { Overview } from './pages/overview'
import { Packs } from './pages/packs'
import { Reports } from './pages/reports'
import { Tunes } from './pages/tunes'
import { follow, go, useAddress } from './route'

const entityPath = new RegExp(`^/entity/(${entities.join('|')})/(.+)$`)

// Asked for when it is opened: most people never do.
const Rules = lazy(() => asking(import('./pages/rules').then((m) => ({ default: m.Rules }))))
const Sensors = lazy(() => asking(import('./pages/sensors').then((m) => ({ default: m.Sensors }))))
const Blocking = lazy(() => asking(import('./pages/blocking').then((m) => ({ default: m.Blocking }))))
const Case = lazy(() => asking(import('./pages/case').then((m) => ({ default: m.Case }))))
const Handover = lazy(() => asking(import('./pages/handover').then((m) => ({ default: m.Handover }))))

export function App() {
  const words = useWords()
  const [me, setMe] = useState<Me | null>()
  const [failed, setFailed] = useState('')
  useEffect(() => {
    api.me().then(setMe, (e: unknown) => {
      setMe(null)
      if (!(e instanceof Problem && e.status === 401)) setFailed(explain(e, words))
    })
    const out = () => setMe(null)
    window.addEventListener('khien:login', out)
    return () => window.removeEventListener('khien:login', out)
    // Asked once: a change of language does not ask again.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [])
  if (me === undefined) return <p className="waiting">{words.t('common.loading')}</p>
  if (me === null) return <Login failed={failed} done={setMe} />
  return <Hidden.Provider value={me}><Frame me={me} /></Hidden.Provider>
}

function Frame({ me }: { me: Me }) {
  const words = useWords()
  const { t } = words
  const address = useAddress()
  const toasts = useToasts()
  const [arrived, setArrived] = useState<Told[]>([])
  const [decided, setDecided] = useState(0)
  const [decisions, setDecisions] = useState<Decided[]>([])
  const [password, setPassword] = useState(false)
  const live = useLive(
    (f) => setArrived((a) => [...a, ...f].slice(-5000)),
    (d) => { setDecided((n) => n + 1); setDecisions((l) => [...l.slice(-999), d]) },
  )
  const [shown, setShown] = useState(0) // counts what may be shown anew
  useEffect(() => {
    const more = () => setShown((n) => n + 1)
    window.addEventListener(changed, more)
    return () => window.removeEventListener(changed, more)
  }, [])
  const seen = useCallback(() => setArrived([]), [])
  const path = address.pathname
  const at = path === '/' ? 'overview' : path === '/find' ? 'find' : path === '/tunes' ? 'tunes' : path === '/blocking' ? 'blocking' : path === '/sensors' ? 'sensors' : path === '/rules' ? 'rules' : path === '/admin' ? 'admin'
    : path === '/reports' ? 'reports' : path === '/packs' ? 'packs' : path === '/handover' ? 'handover' : path === '/cases' || path.startsWith('/cases/') ? 'cases' : 'inbox'
  const entity = entityPath.exec(path)
  const title = at !== 'inbox' ? t(`${at}.title`) : entity ? decodeURIComponent(entity[2]) : path.startsWith('/finding/') ? t('finding.title') : t('inbox.title')
  const wall = path === '/' && address.searchParams.get('wall') === '1'
  useEffect(() => {
    if (!wall) return
    const leave = (e: KeyboardEvent) => { if (e.key === 'Escape') go('/') }
    window.addEventListener('keydown', leave)
    return () => window.removeEventListener('keydown', leave)
  }, [wall])
  useEffect(() => { document.title = `${title} · Khiên` }, [title])
  return (
    <>
      <a className="skip" href="#content">{t('app.skip')}</a>
      {!wall && <header className="top">
        <a className="brand" href="/" onClick={follow}>{t('app.name')}</a>
        <nav aria-label={t('nav.main')}>
          <a href="/" onClick={follow} aria-current={at === 'overview' ? 'page' : undefined}>{t('nav.overview')}</a>
          <a href="/inbox" onClick={follow} aria-current={at === 'inbox' ? 'page' : undefined}>{t('nav.inbox')}</a><WaitingCount />
          <a href="/find" onClick={follow} aria-current={at === 'find' ? 'page' : undefined}>{t('nav.find')}</a>
          <a href="/cases" onClick={follow} aria-current={at === 'cases' ? 'page' : undefined}>{t('nav.cases')}</a>
          <a href="/reports" onClick={follow} aria-current={at === 'reports' ? 'page' : undefined}>{t('nav.reports')}</a>
          <a href="/handover" onClick={follow} aria-current={at === 'handover' ? 'page' : undefined}>{t('nav.handover')}</a>
          <a href="/blocking" onClick={follow} aria-current={at === 'blocking' ? 'page' : undefined}>{t('nav.blocking')}</a>
          <a href="/sensors" onClick={follow} aria-current={at === 'sensors' ? 'page' : undefined}>{t('nav.sensors')}</a>
          <a href="/rules" onClick={follow} aria-current={at === 'rules' ? 'page' : undefined}>{t('nav.rules')}</a>
          <a href="/tunes" onClick={follow} aria-current={at === 'tunes' ? 'page' : undefined}>{t('nav.tunes')}</a>
        </nav>
        <Headline />
        <span className={live ? 'live on' : 'live'} role="status" title={live ? t('live.on') : t('live.off')}>
          <span aria-hidden="true">{live ? '●' : '○'}</span>
          <span className="hidden">{live ? t('live.on') : t('live.off')}</span>
        </span>
        {mayReveal(me) && <Wanted />}
        <Language />
        <Theme />
        <Menu position="bottom-end" withinPortal transitionProps={{ duration: 0 }}>
          <Menu.Target>
            <Button size="compact-sm" variant="subtle" aria-label={t('nav.account', { name: me.name })}>{me.name} ▾</Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => go('/admin')}>{t('admin.title')}</Menu.Item>
            <Menu.Item onClick={() => setPassword(true)}>{t('nav.password')}</Menu.Item>
            <Menu.Item onClick={() => void api.logout().finally(() => { go('/'); window.dispatchEvent(new Event('khien:login')) })}>
              {t('nav.logout')}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </header>}
      <main id="content" key={shown}>
        <Together key={path}><Suspense>{path === '/' ? <Overview me={me} decided={decided} arrived={arrived.length} wall={wall} />
          : path.startsWith('/finding/') ? <Finding key={path} id={decodeURIComponent(path.slice('/finding/'.length))} me={me} toasts={toasts} decided={decided} />
          : entity ? <Entity key={path} kind={entity[1] as EntityKind} value={decodeURIComponent(entity[2])} me={me} />
          : path === '/find' ? <Find address={address} me={me} toasts={toasts} />
          : path === '/admin' ? <Admin me={me} toasts={toasts} />
          : path === '/cases' ? <Cases address={address} me={me} />
          : path.startsWith('/cases/') ? <Case key={path} id={decodeURIComponent(path.slice('/cases/'.length))} address={address} me={me} toasts={toasts} />
          : path === '/handover' ? <Handover address={address} me={me} toasts={toasts} />
          : path === '/reports' ? <Reports me={me} />
          : path === '/packs' ? <Packs address={address} me={me} toasts={toasts} />
          : path === '/blocking' ? <Blocking address={address} me={me} toasts={toasts} />
          : path === '/sensors' ? <Sensors address={address} />
          : path === '/rules' ? <Rules address={address} me={me} toasts={toasts} />
          : path === '/tunes' ? <Tunes me={me} toasts={toasts} />
          : <Inbox address={address} me={me} toasts={toasts} arrived={arrived} seen={seen} decided={decided} decisions={decisions} />}</Suspense></Together>
      </main>
      <Toasts toasts={toasts} />
      <Keys />
      <PivotMenu />
      {password && <PasswordDialog close={() => setPassword(false)} toasts={toasts} />}
    </>
  )
}

export function Language() {
  const { lang, setLang, t } = useWords()
  return (
    <SegmentedControl size="xs" aria-label={t('nav.language')} value={lang} onChange={(v) => setLang(v as Lang)}
      data={[{ label: 'vi', value: 'vi' }, { label: 'en', value: 'en' }]} />
  )
}

export function Theme() {
  const { t } = useWords()
  const { setColorScheme } = useMantineColorScheme()
  const scheme = useComputedColorScheme('light', { getInitialValueInEffect: false })
  return (
    <ActionIcon variant="subtle" aria-label={t('nav.theme')} title={t('nav.theme')}
      onClick={() => setColorScheme(scheme === 'dark' ? 'light' : 'dark')}>
      <span aria-hidden="true">◐</span>
    </ActionIcon>
  )
}
