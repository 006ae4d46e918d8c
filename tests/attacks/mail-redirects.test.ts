import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { askForLink, newAddress, REQUEST, VERIFY } from '../support/people.ts'
import type { Verified } from '../support/people.ts'
import { production, PUBLIC_URL } from './mail-links-support.ts'

const APP = 'https://app.example.test'

const REFUSED = [
  // Another host, told in ways that a browser takes for one.
  'https://evil.test', '//evil.test', '///evil.test', '////evil.test', '//evil.test/%2f..', '/\\evil.test', '\\/evil.test',
  '\\\\evil.test', '/\\/evil.test', 'https:evil.test', 'https:/evil.test', 'https:///evil.test', 'https:\\\\evil.test',
  'http:evil.test', 'HTTPS://EVIL.TEST', 'evil.test', '@evil.test', '.evil.test', 'https://[::1]/', 'https://evil。test',
  // With what browsers drop.
  '/\t/evil.test', '\t//evil.test', '/\n/evil.test', '/\r/evil.test', ' //evil.test', '/\u0000/evil.test', '/\u2028/evil.test',
  'ht\ntps://evil.test', '\u0001https://evil.test', '\ufeff//evil.test',
  // User names, and hosts that begin or end like a good one.
  'https://id.example.test@evil.test/', 'https://id.example.test:x@evil.test', 'https://id.example.test%40evil.test',
  'https://id.example.test\\@evil.test', 'https://evil.test\\@id.example.test', 'https://ada@id.example.test/',
  'https://:@id.example.test/', 'https://id.example.test.evil.test/', 'https://id.example.testevil.test/',
  'https://evil-id.example.test/', 'https://id.example.test%2eevil.test', 'https://id.example.test%00.evil.test',
  'https://evil.test/https://id.example.test/', 'https://evil.test#id.example.test', 'https://evil.test?id.example.test',
  'https://app.example.test@evil.test', 'https://app.example.test.evil.test', 'https://sub.app.example.test/',
  // The right host, but not the origin.
  'http://id.example.test/', 'https://id.example.test:444/', 'http://app.example.test/', 'wss://id.example.test/',
  // Encoded slashes, which the next reader decodes; dots that come to two slashes.
  '%2f%2fevil.test', '/%2fevil.test', '/%2f/evil.test', '/%2F%2Fevil.test', '/%252fevil.test', '/%25252fevil.test',
  '/%5cevil.test', '/%255cevil.test', '/%09/evil.test', '/%0d%0aLocation:%20//evil.test', '/.//evil.test', '/a/..//evil.test',
  '/%2e%2e//evil.test', 'https://id.example.test//evil.test', '/%',
  // No place to go to at all.
  'javascript:alert(1)', 'JaVaScRiPt:alert(1)', 'java\nscript:alert(1)', '\u0001javascript:alert(1)', 'javascript://id.example.test/%0aalert(1)',
  'data:text/html,<script>alert(1)</script>', 'vbscript:msgbox(1)', 'blob:https://id.example.test/x', 'file:///etc/passwd',
  'view-source:https://id.example.test/', 'about:blank', 'null', '?next=//evil.test', '#//evil.test', '', ' ', `/${'a'.repeat(2_000)}`,
] // prettier-ignore

// What may pass, and what comes of it.
const ALLOWED: Record<string, string> = {
  '/': '/',
  '/notes': '/notes',
  '/notes?next=//evil.test&x=https://evil.test#@evil.test': '/notes?next=//evil.test&x=https://evil.test#@evil.test',
  '/@evil.test': '/@evil.test',
  '/evil.test': '/evil.test',
  '/a/../notes': '/notes',
  '/javascript:alert(1)': '/javascript:alert(1)',
  'HTTPS://ID.EXAMPLE.TEST:443/notes': `${PUBLIC_URL}/notes`,
  [`${APP}/welcome?x=1#y`]: `${APP}/welcome?x=1#y`,
}

describe('M10: a sign-in leads home, or to an allowed origin', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp({ env: { ...production(), ALLOWED_ORIGINS: APP } })
  })
  afterAll(() => app.close())

  test.each(REFUSED.map((redirectTo) => [JSON.stringify(redirectTo).slice(0, 60), redirectTo]))(
    'M10: %s is refused',
    async (_name, redirectTo) => {
      const email = newAddress()

      const { data, code, errors } = await app.browser().graphql(REQUEST, { email, redirectTo })

      expect({ data, code }).toEqual({ data: null, code: 'REDIRECT_NOT_ALLOWED' })
      expect(errors[0]?.extensions['field']).toBe('redirectTo')
      expect(await app.services.database.systemDb.magicLink.count({ where: { email } })).toBe(0)
    },
  )

  test.each([[['/notes', '//evil.test']], [{ href: '//evil.test' }], [1]])(
    'M10: %j in place of a text is refused',
    async (redirectTo) => {
      expect((await app.browser().graphql(REQUEST, { email: newAddress(), redirectTo })).code).toBe('BAD_INPUT')
    },
  )

  test.each(Object.entries(ALLOWED))('M10: %s stays at home', async (redirectTo, expected) => {
    const browser = app.browser()
    const { token } = await askForLink(app, browser, newAddress(), { redirectTo })

    const { data } = await browser.graphql<Verified>(VERIFY, { token })

    expect(data?.verifyMagicLink).toMatchObject({ __typename: 'SignedIn', redirectTo: expected })
    const { origin } = new URL(expected, `${PUBLIC_URL}/auth/verify`)
    expect([PUBLIC_URL, APP]).toContain(origin)
  })
})
