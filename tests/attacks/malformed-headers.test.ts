import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { signIn } from '../support/people.ts'
import type { Person } from '../support/people.ts'
import { rawPost, sendRaw } from '../support/raw-http.ts'
import type { RawAnswer } from '../support/raw-http.ts'

const COOKIE = 'latchkey-session'
const WHO = JSON.stringify({ query: '{ me { id } session { id } }' })
const NOBODY = { data: { me: null, session: null } }

describe('S5: a malformed header never lets anybody in, and never breaks anything', () => {
  let app: TestApp
  let person: Person
  let token: string
  beforeAll(async () => {
    app = await startTestApp()
    person = await signIn(app)
    token = person.browser.cookies.get(COOKIE) ?? ''
  })
  afterAll(() => app.close())

  const ask = (lines: readonly string[]) =>
    sendRaw(app.url, rawPost(app.url, WHO, [`Origin: ${app.url.origin}`, ...lines]))

  /** Sends each by itself, twenty at a time. */
  async function askAll(headers: readonly string[][]): Promise<RawAnswer[]> {
    const answers: RawAnswer[] = []
    for (let from = 0; from < headers.length; from += 20) {
      answers.push(...(await Promise.all(headers.slice(from, from + 20).map(ask))))
    }
    return answers
  }

  function expectNobody({ status, body }: RawAnswer, lines: readonly string[]): void {
    const what = JSON.stringify(lines)
    expect([200, 400, 403, 431], what).toContain(status)
    if (status === 200) expect(JSON.parse(body), what).toEqual(NOBODY)
    expect(body, what).not.toContain(person.userId)
  }

  test('S5: the cookie itself signs in, so that what follows means something', async () => {
    const { body } = await ask([`Cookie: ${COOKIE}=${token}`])
    expect(JSON.parse(body)).toMatchObject({ data: { me: { id: person.userId } } })
  })

  test('S5: cookies that are nearly right, or nothing at all', async () => {
    const flipped = (token.startsWith('A') ? 'B' : 'A') + token.slice(1)
    const hash = createHash('sha256').update(token).digest('hex')
    const values = [
      '',
      ' ',
      '=',
      ';',
      ',',
      '""',
      '"',
      '%',
      '%00',
      '%E0%A4%A',
      'null',
      'undefined',
      '0',
      '[]',
      '{}',
      '../../etc/passwd',
      "' OR 1=1 --",
      '\t',
      '\u00ff',
      '\u0080',
      flipped,
      token.slice(1),
      token.slice(0, -1),
      `${token}A`,
      `${token}=`,
      token.toLowerCase(),
      token.toUpperCase(),
      [...token].reverse().join(''),
      token + token,
      `${token}%00`,
      `%00${token}`,
      `${token}.`,
      `${token},${token}`,
      `a"${token}"`,
      Buffer.from(token).toString('base64'),
      hash,
      person.sessionId,
      person.userId,
      'A'.repeat(43),
      'A'.repeat(7_000),
      `${token}\u00a0`,
      `${token}\u00e9`,
    ]
    const headers = [
      ...values.map((value) => [`Cookie: ${COOKIE}=${value}`]),
      ...[
        `${token}`,
        `=${token}`,
        `${COOKIE}`,
        `${COOKIE}${token}`,
        `${COOKIE} ${token}`,
        `${COOKIE}:${token}`,
        `${COOKIE}-=${token}`,
        `x${COOKIE}=${token}`,
        `${COOKIE.toUpperCase()}=${token}`,
        `__Host-${COOKIE}=${token}`,
        `__Secure-${COOKIE}=${token}`,
        `latchkey-challenge=${token}`,
        `%6catchkey-session=${token}`,
        `"${COOKIE}"=${token}`,
        `${COOKIE}[]=${token}`,
        `${COOKIE}\u00a0=${token}`,
        `__proto__=1; constructor=${token}`,
        `${COOKIE}=${token}; ${COOKIE}=${flipped}`,
        `${COOKIE}=; ${COOKIE}=${token}`,
        `a=b,${COOKIE}=${token}`,
        `${';'.repeat(5_000)}`,
        `${'a=b; '.repeat(2_000)}`,
      ].map((cookie) => [`Cookie: ${cookie}`]),
      [`Cookie: ${COOKIE}=${token}`, `Cookie: ${COOKIE}=${flipped}`],
      [`Cookie: ${COOKIE}=${flipped}`, `Cookie: ${COOKIE}=${token}`],
      [`Cookie2: ${COOKIE}=${token}`],
      [`Set-Cookie: ${COOKIE}=${token}`],
      [`X-Cookie: ${COOKIE}=${token}`],
      [`Cookie : ${COOKIE}=${token}`],
      [` Cookie: ${COOKIE}=${token}`],
    ]
    const answers = await askAll(headers)
    for (const [index, answer] of answers.entries()) expectNobody(answer, headers[index] ?? [])
  })

  test('S5: 300 cookies of random bytes', async () => {
    const random = seeded(5)
    const headers = Array.from({ length: 300 }, (_, i) => {
      const bytes = randomBytes(random, 1 + Math.floor(random() * 120))
      return (
        [[`Cookie: ${bytes}`], [`Cookie: ${COOKIE}=${bytes}`], [`Cookie: ${COOKIE}=${mutated(token, random)}`]][
          i % 3
        ] ?? []
      )
    })
    const answers = await askAll(headers)
    for (const [index, answer] of answers.entries()) expectNobody(answer, headers[index] ?? [])
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(100)
  })

  test('S5: nobody is signed in by Authorization, and it does not disturb who is by the cookie', async () => {
    const random = seeded(6)
    const values = [
      '',
      'Bearer',
      'Bearer ',
      `Bearer ${token}`,
      `bearer ${token}`,
      `Basic ${Buffer.from(`${person.email}:${token}`).toString('base64')}`,
      'Basic ====',
      'Basic',
      `Session ${token}`,
      token,
      `${COOKIE}=${token}`,
      'Negotiate AAAA',
      'Digest username="a"',
      `Bearer ${'A'.repeat(10_000)}`,
      `Bearer ${token}, Bearer ${token}`,
      'Bearer null',
      'Bearer [object Object]',
      'Bearer eyJhbGciOiJub25lIn0.e30.',
      '\u00ff\u0080',
      ...Array.from({ length: 150 }, () => randomBytes(random, 1 + Math.floor(random() * 80))),
    ]
    const alone = values.map((value) => [`Authorization: ${value}`])
    const answers = await askAll(alone)
    for (const [index, answer] of answers.entries()) expectNobody(answer, alone[index] ?? [])

    const together = await askAll(alone.map((lines) => [...lines, `Cookie: ${COOKIE}=${token}`]))
    for (const { status, body } of together) {
      expect([200, 400, 431]).toContain(status)
      if (status === 200) expect(JSON.parse(body)).toMatchObject({ data: { me: { id: person.userId } } })
    }
  })

  describe('S5: a store that fails means that nothing is done', () => {
    const FAILURES: readonly (readonly [name: string, fail: () => Promise<never>])[] = [
      ['throws', () => Promise.reject(new Error('SELECT token_hash FROM sessions failed at /srv/app.ts:1'))],
      [
        'throws at once',
        () => {
          throw new TypeError('read is broken')
        },
      ],
      ['cannot be reached', () => Promise.reject(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }))],
      ['throws what is no error', () => Promise.reject('a text')],
      ['answers rows that are none', () => Promise.resolve([{}] as never)],
      [
        'answers a row without its times',
        () => Promise.resolve([{ id: 'a', userId: 'b', expiresAt: new Date(8.64e15) }] as never),
      ],
    ]

    for (const [name, fail] of FAILURES) {
      test(`S5: one that ${name}`, async () => {
        const { database } = app.services
        const { read } = database
        database.read = fail
        try {
          for (const query of ['{ me { id } session { id } }', '{ sessions { id } }', 'mutation { logout }']) {
            const { status, data, errors, headers } = await person.browser.graphql(query)
            expect([status, data, errors.length]).toEqual([503, undefined, 1])
            expect(errors[0]?.extensions).toEqual({ code: 'UNAVAILABLE' })
            expect(JSON.stringify(errors)).not.toMatch(/SELECT|\/srv|broken|token_hash/)
            expect(headers.getSetCookie()).toEqual([])
          }
        } finally {
          database.read = read
        }
        const { data } = await person.browser.graphql('{ me { id } }')
        expect(data).toEqual({ me: { id: person.userId } })
      })
    }
  })
})

/** Numbers from 0 to 1, the same ones in each run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Characters of one byte each, all but the line breaks. */
function randomBytes(random: () => number, length: number): string {
  return Array.from({ length }, () => String.fromCharCode(Math.floor(random() * 256)))
    .join('')
    .replace(/[\r\n]/g, '_')
}

/** The token with one to four of its characters changed into others. */
function mutated(token: string, random: () => number): string {
  const characters = [...token]
  for (let changes = 1 + Math.floor(random() * 4); changes > 0; changes -= 1) {
    const at = Math.floor(random() * characters.length)
    const other = 33 + Math.floor(random() * 94)
    characters[at] = String.fromCharCode(characters[at]?.charCodeAt(0) === other ? other + 1 : other)
  }
  const changed = characters.join('')
  return changed === token ? `${token}x` : changed
}
