import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { newAddress, REQUEST } from '../support/people.ts'
import { production, PUBLIC_URL } from './mail-links-support.ts'

describe('M5: the link is built from the configuration, never from the request', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp({ env: production() })
  })
  afterAll(() => app.close())

  const HOSTILE: Record<string, string[]> = {
    'a hostile Host': ['Host: evil.test'],
    'a Host with a port and a user name': ['Host: id.example.test@evil.test:444'],
    'X-Forwarded-Host': ['Host: id.example.test', 'X-Forwarded-Host: evil.test'],
    'X-Forwarded-Proto and -Port': ['Host: id.example.test', 'X-Forwarded-Proto: http', 'X-Forwarded-Port: 444'],
    Forwarded: ['Host: id.example.test', 'Forwarded: for=203.0.113.9;host=evil.test;proto=http'],
    'all of them, and their kin': [
      'Host: evil.test',
      'X-Forwarded-Host: evil.test',
      'X-Forwarded-Server: evil.test',
      'X-Forwarded-Prefix: //evil.test',
      'X-Original-Host: evil.test',
      'X-Host: evil.test',
      'X-Original-URL: https://evil.test/graphql',
      'X-Rewrite-URL: https://evil.test/graphql',
      'Forwarded: host=evil.test;proto=http',
      'Referer: https://evil.test/',
      'X-Forwarded-Proto: http',
    ],
  }

  test.each(Object.entries(HOSTILE))('M5: %s', async (_name, headers) => {
    const email = newAddress()

    expect(statusOf(await post('/graphql', email, headers))).toBe(200)

    await expectLinkHome(email)
  })

  test('M5: two Host headers are refused, or the link leads home all the same', async () => {
    const email = newAddress()
    const answer = await post('/graphql', email, ['Host: id.example.test', 'Host: evil.test'])
    if (statusOf(answer) === 200) await expectLinkHome(email)
    else await expectNoMail(email)
  })

  test('M5: an absolute-form target is refused, or the link leads home all the same', async () => {
    for (const target of [
      'http://evil.test/graphql',
      'https://id.example.test@evil.test/graphql',
      '//evil.test/graphql',
    ]) {
      const email = newAddress()
      const answer = await post(target, email, ['Host: id.example.test'])
      expect(answer).not.toContain('evil.test')
      if (statusOf(answer) === 200) await expectLinkHome(email)
      else await expectNoMail(email)
    }
  })

  test('M5: no page and no answer sends a browser to a hostile host', async () => {
    for (const path of ['/', '/sign-in', '/sign-in/', '/auth/verify', '/auth', '/nowhere', '/graphql']) {
      const answer = await send(
        [`GET ${path} HTTP/1.1`, 'Host: evil.test', 'X-Forwarded-Host: evil.test', 'Accept: text/html'],
        '',
      )
      expect(answer).not.toContain('evil.test')
    }
  })

  async function expectLinkHome(email: string): Promise<void> {
    const { text, html, subject } = await app.mailbox.latest(email)
    const links = [...`${text} ${html}`.matchAll(/https?:\/\/[^\s"<]+/g)].map(([link]) => link)
    expect(links).toHaveLength(2) // once in the text, once in the HTML
    for (const link of links) expect(link).toMatch(new RegExp(`^${PUBLIC_URL}/auth/verify#[\\w-]{43}$`))
    expect(`${subject} ${text} ${html}`).not.toContain('evil.test')
  }

  async function expectNoMail(email: string): Promise<void> {
    await app.services.outbox.sendDue()
    expect(app.mailbox.mails.filter(({ to }) => to === email)).toEqual([])
  }

  function post(target: string, email: string, headers: string[]): Promise<string> {
    const body = JSON.stringify({ query: REQUEST, variables: { email } })
    return send(
      [`POST ${target} HTTP/1.1`, ...headers, 'Content-Type: application/json', `Content-Length: ${body.length}`],
      body,
    )
  }

  /** Sends lines as they are, and gives the whole answer. */
  function send(lines: string[], body: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(Number(app.url.port), '127.0.0.1')
      let answer = ''
      socket.setEncoding('utf8').on('data', (text: string) => (answer += text))
      socket.on('error', reject).on('close', () => resolve(answer))
      socket.write([...lines, 'Connection: close', '', body].join('\r\n'))
    })
  }
})

function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1])
}
