import { serverAudits } from 'graphql-http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'

// The GraphQL over HTTP specification, each demand as a test: also those that it only recommends, or merely allows.
describe('the specification of GraphQL over HTTP', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp()
  })
  afterAll(() => app.close())

  const audits = serverAudits({ url: () => new URL('/graphql', app.url).href, fetchFn: fetch })

  test('has 61 audits', () => expect(audits).toHaveLength(61))

  for (const { id, name, fn } of audits) {
    test(`${id}: ${name}`, async () => {
      const result = await fn()
      expect(result.status === 'ok' ? 'ok' : result.reason).toBe('ok')
    })
  }
})
