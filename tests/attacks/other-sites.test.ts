import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startTestApp } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { signIn } from '../support/people.ts'
import type { Person } from '../support/people.ts'
import { rawPost, sendRaw } from '../support/raw-http.ts'

describe('S6: no other site acts for who is signed in', () => {
  const FRIEND = 'https://app.example'
  let app: TestApp
  let person: Person
  let cookie: string
  beforeAll(async () => {
    app = await startTestApp({ env: { ALLOWED_ORIGINS: FRIEND } })
  })
  afterAll(() => app.close())
  beforeEach(async () => {
    person = await signIn(app)
    cookie = [...person.browser.cookies].map((pair) => pair.join('=')).join('; ')
  })

  const LOGOUT = 'mutation { logout }'
  const json = JSON.stringify({ query: LOGOUT })
  const form = `query=${encodeURIComponent(LOGOUT)}`
  const part = (name: string, text: string) =>
    `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${text}\r\n`
  const multipart = `${part('operations', json)}${part('map', '{}')}${part('query', LOGOUT)}--b--\r\n`

  async function expectStillSignedIn(): Promise<void> {
    const { data } = await person.browser.graphql('{ me { id } }')
    expect(data).toEqual({ me: { id: person.userId } })
    expect(
      await app.services.database.systemDb.session.count({ where: { userId: person.userId.slice('user_'.length) } }),
    ).toBe(1)
  }

  const BODIES: readonly (readonly [type: string, body: string])[] = [
    ['application/x-www-form-urlencoded', form],
    ['application/x-www-form-urlencoded; charset=utf-8', json],
    ['multipart/form-data; boundary=b', multipart],
    ['multipart/mixed; boundary=b', multipart],
    ['text/plain', json],
    ['text/plain;charset=UTF-8', json],
    ['text/plain; application/json', json],
    ['text/plain, application/json', json],
    ['application/jsonp', json],
    ['application/json, text/plain', json],
    ['application/json-seq', json],
    ['application/graphql', LOGOUT],
    ['application/graphql+json', json],
    ['text/json', json],
    ['application/octet-stream', json],
    ['', json],
  ]
  test.each(BODIES)('S6: a body of the type "%s" runs nothing, from any origin', async (type, body) => {
    for (const origin of [app.url.origin, 'https://evil.example']) {
      const lines = [
        'Connection: close',
        `Host: ${app.url.host}`,
        `Origin: ${origin}`,
        `Cookie: ${cookie}`,
        `Content-Length: ${Buffer.byteLength(body)}`,
      ]
      const { status } = await sendRaw(
        app.url,
        `POST /graphql HTTP/1.1\r\n${[...lines, ...(type ? [`Content-Type: ${type}`] : [])].join('\r\n')}\r\n\r\n${body}`,
      )
      expect(status).toBe(415)
    }
    await expectStillSignedIn()
  })

  const ORIGINS: readonly (readonly [name: string, lines: (app: TestApp) => string[]])[] = [
    ['no origin', () => []],
    ['no origin, but a Referer of the site', ({ url }) => [`Referer: ${url.href}`]],
    ['an empty origin', () => ['Origin: ']],
    ['the origin "null"', () => ['Origin: null']],
    ['a foreign origin', () => ['Origin: https://evil.example']],
    ['a foreign origin and a forged host', () => ['Origin: http://evil.example', 'X-Forwarded-Host: evil.example']],
    ['the other scheme', ({ url }) => [`Origin: https://${url.host}`]],
    ['another port', ({ url }) => [`Origin: http://${url.hostname}:1`]],
    ["the site's name within another", ({ url }) => [`Origin: ${url.origin}.evil.example`]],
    ['a list of origins', ({ url }) => [`Origin: https://evil.example, ${url.origin}`]],
    ['two origins', ({ url }) => ['Origin: https://evil.example', `Origin: ${url.origin}`]],
    [
      "the site's origin on a request that the browser calls cross-site",
      ({ url }) => [`Origin: ${url.origin}`, 'Sec-Fetch-Site: cross-site'],
    ],
    [
      "the site's origin on a request that the browser calls same-site",
      ({ url }) => [`Origin: ${url.origin}`, 'Sec-Fetch-Site: same-site'],
    ],
  ]
  test.each(ORIGINS)('S6: a mutation with the cookie and %s does not run', async (_name, lines) => {
    const { status, body } = await sendRaw(app.url, rawPost(app.url, json, [`Cookie: ${cookie}`, ...lines(app)]))
    expect([status, JSON.parse(body)]).toMatchObject([403, { errors: [{ extensions: { code: 'REQUEST_REFUSED' } }] }])
    await expectStillSignedIn()
  })

  test("S6: a GET with the cookie is nobody's, and runs no mutation", async () => {
    const headers = { cookie, origin: app.url.origin }
    const mutation = await app.browser().fetch(`/graphql?${form}`, { headers })
    expect([mutation.status, mutation.headers.getSetCookie()]).toEqual([405, []])
    const query = await app.browser().fetch('/graphql?query={me{id}}', { headers })
    expect(await query.json()).toEqual({ data: { me: null } })
    await expectStillSignedIn()
  })

  test.each(['PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'GET'])('S6: %s runs no mutation', async (method) => {
    const lines = [
      `Host: ${app.url.host}`,
      'Connection: close',
      'Content-Type: application/json',
      `Origin: ${app.url.origin}`,
      `Cookie: ${cookie}`,
      'X-HTTP-Method-Override: POST',
      `Content-Length: ${json.length}`,
    ]
    const { status } = await sendRaw(
      app.url,
      `${method} /graphql?${form} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${json}`,
    )
    expect([403, 405]).toContain(status)
    await expectStillSignedIn()
  })

  test('S6: an allowed origin may act, so that the refusals mean something', async () => {
    const { data } = await person.browser.graphql(
      LOGOUT,
      {},
      { headers: { origin: FRIEND, 'sec-fetch-site': 'cross-site' } },
    )
    expect(data).toEqual({ logout: true })
  })
})
