import { randomBytes } from 'node:crypto'
import { describe, expect } from 'vitest'
import { test } from '../../support/app.ts'
import type { Visitor } from '../../support/browser-like.ts'
import { askForLink, newAddress, VERIFY, VERIFY_CODE } from '../../support/people.ts'

const MINUTE = 60_000

describe('redeeming a code', () => {
  test('signs in the browser that asked', async ({ app }) => {
    const [browser, email] = [app.browser(), newAddress()]
    const { code } = await askForLink(app, browser, email)

    const { data } = await browser.graphql(VERIFY_CODE, { code })

    expect(data).toMatchObject({
      verifyMagicCode: { __typename: 'SignedIn', user: { email }, session: { current: true } },
    })
    expect(browser.cookies.has('latchkey-session')).toBe(true)
  })

  test('reads the code as people write it', async ({ app }) => {
    for (const separator of [' ', '-', '  ', '\t']) {
      const browser = app.browser()
      const { code } = await askForLink(app, browser, newAddress())
      expect(await tryCode(browser, ` ${code.slice(0, 3)}${separator}${code.slice(3)} `)).toBe('signed in')
    }
  })

  test('ends the link of the same mail, as the link ends the code', async ({ app }) => {
    const browser = app.browser()
    const [first, second] = [await askForLink(app, browser, newAddress()), await askForLink(app, browser, newAddress())]
    const cookie = `latchkey-challenge=${browser.cookies.get('latchkey-challenge')}` // also where the browser keeps it

    expect(await tryCode(browser, first.code)).toBe('signed in')
    expect((await browser.graphql(VERIFY, { token: first.token }, { headers: { cookie } })).code).toBe('LINK_INVALID')
    await browser.graphql(VERIFY, { token: second.token }, { headers: { cookie } })
    expect((await browser.graphql(VERIFY_CODE, { code: second.code }, { headers: { cookie } })).code).toBe(
      'CODE_INVALID',
    )
  })

  test('stops when ten minutes are over', async ({ app }) => {
    const browser = app.browser()
    const { code } = await askForLink(app, browser, newAddress())
    app.clock.advance(10 * MINUTE)
    expect(await tryCode(browser, code)).toBe('CODE_INVALID')
  })

  test('does not count what cannot be a code', async ({ app }) => {
    const browser = app.browser()
    const { code } = await askForLink(app, browser, newAddress())
    for (const malformed of ['', '12345', '1234567', '12345x', '١٢٣٤٥٦', `${code}0`, `${code}\u0000`]) {
      expect(await tryCode(browser, malformed)).toBe('CODE_INVALID')
    }
    expect((await app.services.database.systemDb.magicLink.findFirstOrThrow()).codeTries).toBe(0)
    expect(await tryCode(browser, code)).toBe('signed in')
  })

  test('takes the code of any mail that the browser asked for', async ({ app }) => {
    const browser = app.browser()
    const first = await askForLink(app, browser, newAddress())
    await askForLink(app, browser, newAddress())

    const { data } = await browser.graphql(VERIFY_CODE, { code: first.code })

    expect(data).toMatchObject({ verifyMagicCode: { user: { email: first.mail.to } } })
  })

  test('knows a code that was made before the server got a new master key', async ({ app }) => {
    const browser = app.browser()
    const { code } = await askForLink(app, browser, newAddress())
    await app.restart({ MASTER_KEYS: `next:${randomBytes(32).toString('base64url')},${app.env['MASTER_KEYS']}` })

    expect(await tryCode(browser, code)).toBe('signed in')
  })
})

async function tryCode(browser: Visitor, code: string): Promise<string | null> {
  const answer = await browser.graphql(VERIFY_CODE, { code })
  return answer.data ? 'signed in' : answer.code
}
