import { defineConfig } from 'vitest/config'

const shared = { testTimeout: 60_000, hookTimeout: 60_000, globalSetup: ['tests/support/global-setup.ts'] }

// Node takes graphql's CommonJS build and Vite its other one; a schema made with both is refused.
const resolve = { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] }

export default defineConfig({
  test: {
    projects: [
      {
        resolve,
        test: { ...shared, name: 'sqlite', include: ['tests/**/*.test.ts'], env: { TEST_DATABASE: 'sqlite' } },
      },
      // The same stories again, on PostgreSQL and Redis. Tests of pure code need no second run.
      ...(process.env['TEST_POSTGRES_URL']
        ? [
            {
              resolve,
              test: {
                ...shared,
                name: 'postgresql',
                include: ['features', 'attacks', 'graphql', 'process'].map((folder) => `tests/${folder}/**/*.test.ts`),
                env: { TEST_DATABASE: 'postgresql' },
              },
            },
          ]
        : []),
    ],
    // Two cores, and databases beside us: more workers only wait for each other.
    maxWorkers: 2,
  },
})
