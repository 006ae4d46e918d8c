import { describe, expect } from 'vitest'
import { test } from '../../support/app.ts'
import type { TestApp } from '../../support/app.ts'
import { askForLink, newAddress, REQUEST, signIn, VERIFY, VERIFY_CODE } from '../../support/people.ts'

const [SECOND, MINUTE] = [1_000, 60_000] as const

describe('the security log of a sign-in by mail', () => {
  test('tells of the request, of the new account and of the session', async ({ app }) => {
    await signIn(app)
    const { user, session, magicLink } = app.services.database.systemDb
    const [account, started, link] = [
      await user.findFirstOrThrow(),
      await session.findFirstOrThrow(),
      await magicLink.findFirstOrThrow(),
    ]

    const told = await entries(app)

    const common = { success: true, ipAddress: '127.0.0.1', deviceName: 'Chrome on macOS' }
    const signedIn = { ...common, userId: account.id, sessionId: started.id }
    expect(told).toHaveLength(3)
    expect(told).toContainEqual(
      expect.objectContaining({ ...common, action: 'login.link-requested', userId: null, recordId: link.id }),
    )
    expect(told).toContainEqual(
      expect.objectContaining({ ...signedIn, action: 'account.created', recordId: account.id }),
    )
    expect(told).toContainEqual(
      expect.objectContaining({
        ...signedIn,
        action: 'login.succeeded',
        recordId: started.id,
        details: { method: 'MAGIC_LINK' },
      }),
    )
  })

  test('tells of a request for an account that is there as its own', async ({ app }) => {
    const email = newAddress()
    await signIn(app, email)
    const { id } = await app.services.database.systemDb.user.findFirstOrThrow()
    await app.services.database.systemDb.auditEntry.deleteMany()

    await signIn(app, email)

    const told = (await entries(app)).map(({ action, userId }) => ({ action, userId }))
    expect(told).toEqual([
      { action: 'login.link-requested', userId: id },
      { action: 'login.succeeded', userId: id },
    ])
  })

  test('gives each refused link its reason, and says nothing of it to the caller', async ({ app }) => {
    const [browser, email] = [app.browser(), newAddress()]
    const used = await askForLink(app, browser, email)
    await browser.graphql(VERIFY, { token: used.token })
    const { id } = await app.services.database.systemDb.user.findFirstOrThrow()
    const expired = await askForLink(app, browser, email)
    const stranger = app.browser()
    await app.services.database.systemDb.auditEntry.deleteMany()

    const answers = []
    for (const token of ['nonsense', 'A'.repeat(43), used.token]) {
      answers.push(await stranger.graphql(VERIFY, { token }))
      app.clock.advance(SECOND)
    }
    app.clock.advance(10 * MINUTE)
    answers.push(await stranger.graphql(VERIFY, { token: expired.token }))

    expect(await failures(app)).toEqual([
      { userId: null, reason: 'malformed' },
      { userId: null, reason: 'unknown' },
      { userId: id, reason: 'used' },
      { userId: id, reason: 'expired' },
    ])
    for (const { errors } of answers) expect(errors).toEqual(answers[0]?.errors)
  })

  test('gives each refused code its reason, and says nothing of it to the caller', async ({ app }) => {
    const [browser, email] = [app.browser(), newAddress()]
    await app.services.database.systemDb.user.create({ data: { email } })
    const { id } = await app.services.database.systemDb.user.findFirstOrThrow()
    const answers = [await app.browser().graphql(VERIFY_CODE, { code: '123456' })]
    const { code } = await askForLink(app, browser, email)
    const wrong = code === '000000' ? '000001' : '000000'

    for (const tried of ['nonsense', wrong, wrong, wrong, wrong, wrong, code]) {
      app.clock.advance(SECOND)
      answers.push(await browser.graphql(VERIFY_CODE, { code: tried }))
    }
    app.clock.advance(10 * MINUTE)
    answers.push(await browser.graphql(VERIFY_CODE, { code }))

    expect(await failures(app)).toEqual([
      { userId: null, reason: 'not-asked-here' },
      { userId: id, reason: 'malformed' },
      ...Array<unknown>(5).fill({ userId: id, reason: 'wrong' }),
      { userId: id, reason: 'too-many-tries' },
      { userId: id, reason: 'expired' },
    ])
    for (const { errors } of answers) expect(errors).toEqual(answers[0]?.errors)
  })

  test('says when an account could not be made any more', async ({ app }) => {
    const browser = app.browser()
    const { token } = await askForLink(app, browser, newAddress())
    await app.restart({ SIGN_UP: 'closed' })
    await browser.graphql(VERIFY, { token })

    expect(await failures(app)).toEqual([{ userId: null, reason: 'sign-up-closed' }])
  })

  test('tells of a link that was looked at in another browser, without an end', async ({ app }) => {
    const { token } = await askForLink(app, app.browser(), newAddress())
    await app.browser().graphql(VERIFY, { token })

    const [, looked, ...others] = await entries(app)
    expect(looked).toMatchObject({
      action: 'login.confirmation-asked',
      success: true,
      details: { method: 'MAGIC_LINK' },
    })
    expect(others).toEqual([])
  })

  test('holds no token, no code and no address', async ({ app }) => {
    const [browser, email] = [app.browser(), newAddress('not-to-be-told')]
    const { token, code } = await askForLink(app, browser, email)
    await browser.graphql(VERIFY_CODE, { code: code === '000000' ? '000001' : '000000' })
    await app.browser().graphql(VERIFY, { token })
    await browser.graphql(VERIFY, { token })
    await app.browser().graphql(REQUEST, { email })

    const told = JSON.stringify(await entries(app))
    expect(told).not.toContain(token)
    expect(told).not.toContain('not-to-be-told')
    expect(told).not.toMatch(new RegExp(`"${code}"`))
  })
})

/** All entries, the oldest first. */
async function entries(app: TestApp) {
  const rows = await app.services.database.systemDb.auditEntry.findMany({ orderBy: { timestamp: 'asc' } })
  return rows.map((row) => ({ ...row, details: JSON.parse(row.details ?? 'null') as Record<string, unknown> | null })) // as the server writes it
}

async function failures(app: TestApp) {
  const failed = (await entries(app)).filter(({ action }) => action === 'login.failed')
  expect(failed.every(({ success, details }) => !success && details?.['method'] === 'MAGIC_LINK')).toBe(true)
  return failed.map(({ userId, details }) => ({ userId, reason: details?.['reason'] }))
}
