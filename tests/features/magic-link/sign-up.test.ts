import { describe, expect, onTestFinished } from 'vitest'
import { startTestApp, test } from '../../support/app.ts'
import type { TestApp } from '../../support/app.ts'
import { askForLink, newAddress, REQUEST, signIn, VERIFY, VERIFY_CODE } from '../../support/people.ts'
import type { Verified } from '../../support/people.ts'

describe('the account of a first sign-in', () => {
  test('is one, even when two links of one new address are redeemed at once', async ({ app }) => {
    for (let round = 0; round < 3; round++) {
      const email = newAddress()
      const browsers = Array.from({ length: 4 }, () => app.browser())
      const tokens: string[] = []
      for (const browser of browsers) tokens.push((await askForLink(app, browser, email)).token)

      const answers = await Promise.all(
        browsers.map((browser, index) => browser.graphql<Verified>(VERIFY, { token: tokens[index] })),
      )

      const users = new Set(
        answers.map(({ data }) =>
          data?.verifyMagicLink.__typename === 'SignedIn' ? data.verifyMagicLink.user.id : null,
        ),
      )
      expect([...users]).toEqual([expect.any(String)])
      const { user, auditEntry } = app.services.database.systemDb
      const account = await user.findUniqueOrThrow({ where: { email }, include: { sessions: true } })
      expect(account.sessions).toHaveLength(4)
      expect(await auditEntry.count({ where: { action: 'account.created', userId: account.id } })).toBe(1)
    }
  })
})

describe('with sign-up closed', () => {
  test('a stranger gets the same answer, and no mail', async () => {
    const app = await closed()
    const known = newAddress()
    await app.services.database.systemDb.user.create({ data: { email: known } })
    const [stranger, member] = [app.browser(), app.browser()]

    const refused = await stranger.graphql(REQUEST, { email: newAddress('stranger') })
    const { answer } = await askForLink(app, member, known)
    await app.services.outbox.sendDue()

    expect(Object.keys(refused.data ?? {})).toEqual(Object.keys(answer.data ?? {}))
    expect(stranger.cookies.has('latchkey-challenge')).toBe(true)
    expect(app.mailbox.mails.map(({ to }) => to)).toEqual([known])
    expect(await app.services.database.systemDb.outboxMessage.count()).toBe(0)
  })

  test('who has an account signs in', async () => {
    const app = await closed()
    const email = newAddress()
    const { id } = await app.services.database.systemDb.user.create({ data: { email } })

    await signIn(app, email)

    const sessions = await app.services.database.systemDb.session.findMany({ select: { userId: true } })
    expect(sessions).toEqual([{ userId: id }])
  })

  test('an administrator makes an account, in whichever spelling the address was set', async () => {
    const app = await closed({ ADMIN_EMAILS: 'Root@Example.COM, second@example.com' })

    const { userId } = await signIn(app, 'root@example.com')

    expect(userId).not.toBe('')
    expect(await app.services.database.systemDb.user.findMany({ select: { email: true } })).toEqual([
      { email: 'root@example.com' },
    ])
  })

  test.for(['link', 'code'])(
    'a %s that was sent while it was open makes no account any more',
    async (kind, { app }) => {
      const browser = app.browser()
      const { token, code } = await askForLink(app, browser, newAddress())
      await app.restart({ SIGN_UP: 'closed' })

      const answer =
        kind === 'link' ? await browser.graphql(VERIFY, { token }) : await browser.graphql(VERIFY_CODE, { code })

      expect(answer.code).toBe(kind === 'link' ? 'LINK_INVALID' : 'CODE_INVALID')
      expect(browser.cookies.has('latchkey-session')).toBe(false)
      expect(await app.services.database.systemDb.user.count()).toBe(0)
      expect(await app.services.database.systemDb.session.count()).toBe(0)
    },
  )
})

async function closed(env: Record<string, string> = {}): Promise<TestApp> {
  const app = await startTestApp({ env: { SIGN_UP: 'closed', ...env } })
  onTestFinished(() => app.close())
  return app
}
