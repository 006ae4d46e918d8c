import { expect } from 'vitest'
import { test } from '../../support/app.ts'
import type { TestApp } from '../../support/app.ts'
import type { Visitor } from '../../support/browser-like.ts'
import { askForLink, newAddress, VERIFY, VERIFY_CODE } from '../../support/people.ts'
import type { Verified } from '../../support/people.ts'

const COOKIE = 'latchkey-challenge'

test('a browser that asked three times can use each of the three links', async ({ app }) => {
  for (const which of [0, 1, 2]) {
    const browser = app.browser()
    const mails = await askTimes(app, browser, 3)
    expect(await verify(browser, mails[which]?.token)).toBe('SignedIn')
  }
})

test('a fourth mail takes the place of the first, whose link then asks for a confirmation', async ({ app }) => {
  const browser = app.browser()
  const [first, ...others] = await askTimes(app, browser, 4)

  expect(browser.cookies.get(COOKIE)?.split('.')).toHaveLength(3)
  expect(await verify(browser, first?.token)).toBe('ConfirmationRequired')
  const { code } = await browser.graphql(VERIFY_CODE, { code: first?.code })
  const isOneOfTheOthers = others.some((other) => other.code === first?.code) // one in 300,000
  expect(code).toBe(isOneOfTheOthers ? null : 'CODE_INVALID')
})

test('a sign-in takes the challenges back', async ({ app }) => {
  const browser = app.browser()
  const [, second] = await askTimes(app, browser, 2)

  const { headers } = await browser.graphql(VERIFY, { token: second?.token })

  expect(headers.getSetCookie()).toContain(`${COOKIE}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax`)
  expect(browser.cookies.has(COOKIE)).toBe(false)
})

test('a challenge that the server did not give is worth nothing', async ({ app }) => {
  const { token } = await askForLink(app, app.browser(), newAddress())
  const row = await app.services.database.systemDb.magicLink.findFirstOrThrow()

  for (const planted of [
    row.challengeHash,
    row.tokenHash,
    token,
    row.id,
    '',
    '...',
    'x'.repeat(5_000),
    `${'A'.repeat(43)}.`.repeat(50),
  ]) {
    const browser = app.browser()
    browser.cookies.set(COOKIE, planted)
    expect(await verify(browser, token)).toBe('ConfirmationRequired')
  }
})

test('a challenge counts beside what was planted before it, but not behind three others', async ({ app }) => {
  const browser = app.browser()
  const { token } = await askForLink(app, browser, newAddress())
  const challenge = browser.cookies.get(COOKIE) ?? ''
  const other = app.browser()

  other.cookies.set(COOKIE, [...Array<string>(3).fill('A'.repeat(43)), challenge].join('.'))
  expect(await verify(other, token)).toBe('ConfirmationRequired')
  other.cookies.set(COOKIE, ['A'.repeat(43), 'nonsense', challenge].join('.'))
  expect(await verify(other, token)).toBe('SignedIn')
})

async function askTimes(app: TestApp, browser: Visitor, times: number) {
  const email = newAddress()
  const mails = []
  for (let asked = 0; asked < times; asked++) mails.push(await askForLink(app, browser, email))
  return mails
}

async function verify(browser: Visitor, token: string | undefined): Promise<string | undefined> {
  const { data, code } = await browser.graphql<Verified>(VERIFY, { token })
  return data?.verifyMagicLink.__typename ?? code ?? undefined
}
