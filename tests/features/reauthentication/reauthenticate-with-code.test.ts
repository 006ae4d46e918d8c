import { describe, expect } from 'vitest'
import { removeOldCodes } from '../../../src/features/reauthentication/remove-old-codes.ts'
import { test } from '../../support/app.ts'
import { askForLink, newAddress, signIn, VERIFY_CODE } from '../../support/people.ts'
import { linesOf } from '../audit/support.ts'
import { made, READ } from '../records/support.ts'
import { ASK, askForCode, codesOf, givePasskey, levelIn, MINUTE, PROVE, proveBy, rowId } from './support.ts'
import type { Proved } from './support.ts'

describe('requestReauthenticationCode', () => {
  test("mails six digits to the user's own address, and says for how long they work", async ({ app }) => {
    const person = await signIn(app)
    const asked = Date.now()
    const { mail, code, answer } = await askForCode(app, person)

    expect(answer.data?.requestReauthenticationCode.message).toContain('on its way')
    const expiresAt = Date.parse(answer.data?.requestReauthenticationCode.expiresAt ?? '')
    expect(Math.abs(expiresAt - asked - 10 * MINUTE)).toBeLessThan(MINUTE)
    expect(mail.to).toBe(person.email)
    expect(mail.subject.replace(/:\d+$/, '')).not.toMatch(/\d/) // the port is the test's
    expect(mail.text).toContain('from Chrome on macOS at 127.0.0.1.')
    expect(mail.text).not.toContain('http')
    expect(JSON.stringify(await codesOf(app, person))).not.toContain(code)
  })

  test('is refused to whoever is not signed in, and sends nothing', async ({ app }) => {
    for (const query of [ASK, PROVE]) {
      const { code } = await app.browser().graphql(query, query === PROVE ? { code: '123456' } : {})
      expect(code).toBe('UNAUTHENTICATED')
    }
    expect(app.mailbox.mails).toEqual([])
  })

  test('leaves one line of the log, without the code', async ({ app }) => {
    const person = await signIn(app)
    const lines = await linesOf(app, () => askForCode(app, person))
    expect(lines).toEqual([
      expect.objectContaining({
        action: 'reauthentication.code-requested',
        userId: rowId(person.userId),
        sessionId: rowId(person.sessionId),
        details: { method: 'MAGIC_LINK' },
      }),
    ])
  })

  test('three times an hour for a session', async ({ app }) => {
    const person = await signIn(app)
    await app.restart({ RATE_LIMIT_SCALE: '1' })
    for (let count = 0; count < 3; count++) await askForCode(app, person)
    const { code, errors } = await person.browser.graphql(ASK)
    expect(code).toBe('RATE_LIMITED')
    expect(errors[0]?.extensions['retryAfter']).toBeGreaterThan(3_000)
    expect(await codesOf(app, person)).toHaveLength(3)

    const elsewhere = await signIn(app, person.email)
    await askForCode(app, elsewhere)
  })
})

describe('reauthenticateWithCode', () => {
  test('raises the session, which keeps its row and its end, and what was refused can be called again', async ({
    app,
  }) => {
    const person = await signIn(app)
    const { id } = await made(person.browser, { secret: 'the secret' })
    const { systemDb } = app.services.database
    const before = await systemDb.session.findFirstOrThrow({ where: { id: rowId(person.sessionId) } })
    app.clock.advance(20 * MINUTE)
    expect((await person.browser.graphql(READ, { id })).code).toBe('REAUTHENTICATION_REQUIRED')

    const { code } = await askForCode(app, person)
    const { data } = await person.browser.graphql<Proved>(PROVE, { code: ` ${code.slice(0, 3)}-${code.slice(3)} ` })

    expect(data?.reauthenticateWithCode).toEqual({
      __typename: 'Session',
      id: person.sessionId,
      current: true,
      level: 'STRONG', // no passkey
      authMethod: 'MAGIC_LINK',
      expiresAt: before.expiresAt.toISOString(),
    })
    expect((await person.browser.graphql(READ, { id })).data).toMatchObject({ record: { secret: 'the secret' } })
    expect(await systemDb.session.count()).toBe(1)
  })

  test('gives FRESH and never STRONG to an account with a passkey', async ({ app }) => {
    const person = await signIn(app)
    await givePasskey(app, person)
    app.clock.advance(20 * MINUTE)
    expect(await levelIn(person.browser)).toBe('SESSION')

    const { code } = await askForCode(app, person)
    expect(await proveBy(person.browser, code)).toBe('FRESH')
    expect(await levelIn(person.browser)).toBe('FRESH')
  })

  test('works for ten minutes, and no longer', async ({ app }) => {
    const person = await signIn(app)
    const { code } = await askForCode(app, person)
    app.clock.advance(10 * MINUTE)
    expect(await proveBy(person.browser, code)).toBe('CODE_INVALID')
  })

  test('takes any of the three newest codes, and no older one', async ({ app }) => {
    const person = await signIn(app)
    const codes: string[] = []
    while (codes.length < 4) {
      const { code } = await askForCode(app, person)
      codes.push(code)
    }
    const [first = '', second = ''] = codes
    if (!codes.slice(1).includes(first)) expect(await proveBy(person.browser, first)).toBe('CODE_INVALID')
    expect(await proveBy(person.browser, second)).toBe('STRONG')
  })

  test('takes a code once', async ({ app }) => {
    const person = await signIn(app)
    const { code } = await askForCode(app, person)
    expect(await proveBy(person.browser, code)).toBe('STRONG')
    expect(await proveBy(person.browser, code)).toBe('CODE_INVALID')
  })

  test.for(['', '12345', '1234567', 'abcdef', '١٢٣٤٥٦', '12 34 5x'])(
    'refuses what is no code, and counts no try: %j',
    async (text, { app }) => {
      const person = await signIn(app)
      await askForCode(app, person)
      expect(await proveBy(person.browser, text)).toBe('CODE_INVALID')
      expect(await codesOf(app, person)).toMatchObject([{ codeTries: 0, consumedAt: null }])
    },
  )

  test("refuses the code of another session of the same user, and of another user's", async ({ app }) => {
    const person = await signIn(app)
    const elsewhere = await signIn(app, person.email)
    const other = await signIn(app)
    const { code } = await askForCode(app, person)

    expect(await proveBy(elsewhere.browser, code)).toBe('CODE_INVALID')
    expect(await proveBy(other.browser, code)).toBe('CODE_INVALID')
    expect(await codesOf(app, person)).toMatchObject([{ codeTries: 0, consumedAt: null }])
    expect(await proveBy(person.browser, code)).toBe('STRONG')
  })

  test('a code for signing in proves nothing here, and one of these signs nobody in', async ({ app }) => {
    const person = await signIn(app)
    const link = await askForLink(app, person.browser, person.email)
    const { code } = await askForCode(app, person)
    if (link.code === code) return // one time in a million, they are both

    expect(await proveBy(person.browser, link.code)).toBe('CODE_INVALID')
    expect((await person.browser.graphql(VERIFY_CODE, { code })).code).toBe('CODE_INVALID')
    const { systemDb } = app.services.database
    await systemDb.reauthenticationCode.updateMany({
      data: { codeHash: (await systemDb.magicLink.findFirstOrThrow({ where: { consumedAt: null } })).codeHash },
    })
    expect(await proveBy(person.browser, link.code)).toBe('CODE_INVALID')
  })

  test('is refused once the session was revoked', async ({ app }) => {
    const person = await signIn(app)
    const { code } = await askForCode(app, person)
    const elsewhere = await signIn(app, person.email)
    await elsewhere.browser.graphql('mutation { revokeOtherSessions { id } }')

    expect(await proveBy(person.browser, code)).toBe('UNAUTHENTICATED')
    expect(await proveBy(elsewhere.browser, code)).toBe('CODE_INVALID')
    expect(await codesOf(app, person)).toMatchObject([{ consumedAt: null }])
  })

  test('a session that ends while it proves itself stays ended, and the code unused', async ({ app }) => {
    const person = await signIn(app)
    const { code } = await askForCode(app, person)
    const { systemDb } = app.services.database
    const stop = app.services.database.onStatement((text) => {
      if (!/^SELECT\b.*reauthentication_codes/s.test(text)) return
      stop()
      ended = systemDb.session.deleteMany({ where: { id: rowId(person.sessionId) } })
    })
    let ended: Promise<unknown> = Promise.resolve()
    const outcome = await proveBy(person.browser, code)
    await ended

    expect(['UNAUTHENTICATED', 'STRONG']).toContain(outcome)
    expect(await levelIn(person.browser)).toBeUndefined()
    const [row] = await codesOf(app, person)
    expect(row?.consumedAt === null).toBe(outcome === 'UNAUTHENTICATED')
  })

  test('logs what was proved and what was refused, with method and reason', async ({ app }) => {
    const person = await signIn(app)
    const none = await linesOf(app, () => proveBy(person.browser, '123456'))
    const { code } = await askForCode(app, person)
    const wrong = await linesOf(app, () => proveBy(person.browser, code === '000000' ? '000001' : '000000'))
    const malformed = await linesOf(app, () => proveBy(person.browser, 'x'))
    const right = await linesOf(app, () => proveBy(person.browser, code))
    const again = await linesOf(app, () => proveBy(person.browser, code))

    const about = {
      userId: rowId(person.userId),
      sessionId: rowId(person.sessionId),
      recordId: rowId(person.sessionId),
    }
    const failed = (reason: string) => [
      expect.objectContaining({
        ...about,
        action: 'reauthentication.failed',
        success: false,
        details: { method: 'MAGIC_LINK', reason },
      }),
    ]
    expect([none, wrong, malformed, again]).toEqual(['not-asked-here', 'wrong', 'malformed', 'used'].map(failed))
    expect(right).toHaveLength(2)
    expect(right).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          ...about,
          action: 'reauthentication.succeeded',
          success: true,
          details: { method: 'MAGIC_LINK' },
        }),
        expect.objectContaining({ ...about, action: 'session.updated' }),
      ]),
    )
  })
})

describe('codes that are over', () => {
  test('are removed an hour after they expired, and no sooner', async ({ app }) => {
    const person = await signIn(app, newAddress(), { rememberDevice: true })
    await askForCode(app, person)
    app.clock.advance(65 * MINUTE)
    await removeOldCodes.run(app.services)
    expect(await codesOf(app, person)).toHaveLength(1)
    app.clock.advance(6 * MINUTE)
    await removeOldCodes.run(app.services)
    expect(await codesOf(app, person)).toEqual([])
  })
})
