import { describe, expect } from 'vitest'
import { DISOWN, notMeTokenIn } from '../features/alerts/support.ts'
import { test } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { makeAuthenticator } from '../support/authenticator.ts'
import { signIn } from '../support/people.ts'
import { DEVICES, LEVEL, passkeyLogin, register, rowId, siteOf, withPasskey } from '../support/passkeys.ts'
import type { PasskeyShown } from '../support/passkeys.ts'

async function tokenIn(app: TestApp, email: string, subject: string): Promise<string> {
  await app.services.outbox.sendDue()
  const mail = app.mailbox.mails.findLast((sent) => sent.to === email && sent.subject.startsWith(subject))
  if (!mail) throw new Error(`No mail has come: ${subject}`)
  return notMeTokenIn(mail)
}

describe('S4: a passkey that its owner did not add', () => {
  test('S4: is removed by the link in the mail that told of it, and the owner can add one of their own', async ({
    app,
  }) => {
    const stranger = await withPasskey(app) // whoever had read one mail
    const token = await tokenIn(app, stranger.email, 'A passkey was added')
    const told = app.mailbox.mails.find(({ subject }) => subject.startsWith('A passkey was added'))
    expect(told?.text).toContain('it removes this passkey, ends every session')
    const owner = await signIn(app, stranger.email)
    expect((await owner.browser.graphql(DISOWN, { token })).data).toEqual({ disownAlert: true })

    expect((await passkeyLogin(app.browser(), stranger.authenticator)).code).toBe('PASSKEY_INVALID')
    const { systemDb } = app.services.database
    const id = rowId(owner.userId)
    expect(await systemDb.user.findUniqueOrThrow({ where: { id } })).toMatchObject({ passkeyCount: 0 })
    expect(await systemDb.securityAlert.count({ where: { userId: id, kind: 'passkey.removed' } })).toBe(1)
    expect(await systemDb.auditEntry.count({ where: { userId: id, action: 'passkey.deleted' } })).toBe(1)

    const back = await signIn(app, owner.email, { browser: owner.browser })
    expect((await back.browser.graphql<{ session: { level: string } }>(LEVEL)).data?.session.level).toBe('STRONG')
    const own = await register(back.browser, makeAuthenticator(siteOf(app)))
    expect(own.errors).toEqual([])
  })

  test('S4: no other mail removes one', async ({ app }) => {
    const ada = await withPasskey(app)
    await signIn(app, ada.email)
    const token = await tokenIn(app, ada.email, 'A sign-in from a new device')
    expect((await ada.browser.graphql(DISOWN, { token })).data).toEqual({ disownAlert: true })

    const { data } = await ada.browser.graphql<{ devices: PasskeyShown[] }>(DEVICES)
    expect(data?.devices.map((device) => device.id)).toEqual([ada.passkey.id])
  })
})
