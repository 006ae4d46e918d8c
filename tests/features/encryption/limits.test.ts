import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestApp } from '../../support/app.ts'
import type { TestApp } from '../../support/app.ts'
import { reauthenticate, REMOVE, withPasskey } from '../../support/passkeys.ts'
import { signIn } from '../../support/people.ts'
import { DISABLE, REENCRYPT, rotated, SETUP, STATUS, TO_REENCRYPT, withEncryption } from './support.ts'

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

test('lock-out: what a stolen session below STRONG is refused uses up none of the calls of the owner', async () => {
  const { browser, held, email } = await withEncryption(app)
  app.clock.advance(16 * 60_000) // the session that is stolen now proves nothing any more
  const thief = app.browser()
  for (const [name, value] of browser.cookies) thief.cookies.set(name, value)
  const refused = []
  for (let call = 0; call < 12; call++) refused.push((await thief.graphql(DISABLE)).code)
  expect(refused).toEqual(Array<string>(12).fill('REAUTHENTICATION_REQUIRED'))
  const owner = await signIn(app, email)
  expect(await rotated(owner.browser, held)).toMatchObject({ ringRevision: 2 })
})

test('lock-out: nor those with which the owner takes a passkey away', async () => {
  const { browser, passkey, authenticator } = await withPasskey(app)
  app.clock.advance(16 * 60_000)
  const thief = app.browser()
  for (const [name, value] of browser.cookies) thief.cookies.set(name, value)
  const refused = []
  for (let call = 0; call < 12; call++) refused.push((await thief.graphql(REMOVE, { id: passkey.id })).code)
  expect(refused).toEqual(Array<string>(12).fill('REAUTHENTICATION_REQUIRED'))
  expect((await reauthenticate(browser, authenticator)).errors).toEqual([])
  expect((await browser.graphql(REMOVE, { id: passkey.id })).code).toBeNull()
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
