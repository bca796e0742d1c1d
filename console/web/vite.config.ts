import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [react()],
  build: {
    // The page's policy allows files and no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
    chunkSizeWarningLimit: 800, // kB; what counts is the compressed first view, which a browser test weighs
  },
  server: { proxy: { '/api': 'http://127.0.0.1:8686' } },
})
