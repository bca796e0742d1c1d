import '@fontsource/inter/vietnamese-400.css'
import '@fontsource/inter/vietnamese-600.css'
import '@fontsource/inter/latin-400.css'
import '@fontsource/inter/latin-600.css'
import '@fontsource/inter/latin-ext-400.css'
import '@fontsource/inter/latin-ext-600.css'
import '@mantine/core/styles.css'
import './theme.css'
import { MantineProvider, createTheme } from '@mantine/core'
import { createRoot } from 'react-dom/client'
import { App } from './app'
import { WordsProvider } from './i18n'

const fontsMS = 500

const theme = createTheme({
  fontFamily: 'Inter, system-ui, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace',
  primaryColor: 'cyan',
  primaryShade: 9,
  defaultRadius: 'sm',
  cursorType: 'pointer',
})

const nonce = document.querySelector<HTMLMetaElement>('meta[name=csp-nonce]')?.content ?? ''
// The dialogs' scroll lock adds a style element of its own and looks for the nonce here.
Object.assign(globalThis, { __webpack_nonce__: nonce })

// Letters of another font are of another width, and all would move when Inter comes.
const fonts = Promise.all(['400 14px Inter', '600 14px Inter'].map((f) => document.fonts.load(f, 'aăạ')))
const patience = new Promise((done) => setTimeout(done, fontsMS))

const root = document.getElementById('root')
if (root) {
  void Promise.race([fonts, patience]).catch(() => undefined).then(() => createRoot(root).render(
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={() => nonce}>
      <WordsProvider>
        <App />
      </WordsProvider>
    </MantineProvider>,
  ))
}
