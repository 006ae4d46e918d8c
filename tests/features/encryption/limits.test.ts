import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestApp } from '../../support/app.ts'
import type { TestApp } from '../../support/app.ts'
import { REENCRYPT, rotated, SETUP, STATUS, TO_REENCRYPT, withEncryption } from './support.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ env: { RATE_LIMIT_SCALE: '1', LIMIT_DATA_USER: '3', LIMIT_REENCRYPTION_USER: '5' } })
})
afterAll(() => app.close())

test('ten changes of keys an hour, faults included: each may send a mail', async () => {
  const { browser, input } = await withEncryption(app)
  const change = () => browser.graphql(SETUP, { input })
  const codes = []
  for (let call = 2; call <= 11; call++) codes.push((await change()).code)
  expect(codes).toEqual([...Array<string>(9).fill('ENCRYPTION_ON'), 'RATE_LIMITED'])
  expect((await browser.graphql(STATUS)).code).toBeNull()
})

test('what follows a rotation has a count of its own, and uses up none of daily work', async () => {
  const { browser, held } = await withEncryption(app)
  await rotated(browser, held)
  const calls = []
  for (let call = 0; call < 3; call++) {
    calls.push((await browser.graphql(TO_REENCRYPT)).code, (await browser.graphql(REENCRYPT, { input: [] })).code)
  }
  expect(calls).toEqual([null, null, null, null, null, 'RATE_LIMITED'])
  expect((await browser.graphql('{ records { totalCount } }')).code).toBeNull()
})
