import { defineConfig } from 'vite'

const pages = ['index', 'sign-in', 'auth/verify', 'auth/not-me', 'auth/cancel-recovery']

export default defineConfig({
  appType: 'mpa', // /auth/verify finds auth/verify.html, in development and in `vite preview`
  build: {
    target: 'es2022',
    assetsInlineLimit: 0, // the policy lets no data: address be a script
    rolldownOptions: { input: pages.map((name) => `${name}.html`) },
  },
  // In development the app asks for '/graphql' of its own origin, and Vite passes it on.
  server: { proxy: { '/graphql': 'http://localhost:4000' } },
})
