import { defineConfig } from 'vitest/config'
export default defineConfig({ resolve: { alias: [{ find: /^graphql$/, replacement: '/work/main/node_modules/graphql/index.js' }] }, test: { include: ['tests/client/**/*.test.ts'], env: { TEST_DATABASE: 'sqlite' } } })
