import { describe, expect } from 'vitest'
import { DISOWN, notMeTokenIn } from '../features/alerts/support.ts'
import { test } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { makeAuthenticator } from '../support/authenticator.ts'
import { signIn } from '../support/people.ts'
import { DEVICES, LEVEL, passkeyLogin, register, rowId, siteOf, withPasskey } from '../support/passkeys.ts'
import type { PasskeyShown } from '../support/passkeys.ts'

async function tokenOfLatest(app: TestApp, email: string): Promise<string> {
  await app.services.outbox.sendDue()
  const mail = app.mailbox.mails.findLast(
    ({ to, subject }) => to === email && subject.startsWith('A passkey was added'),
  )
  if (!mail) throw new Error('No mail has told of the passkey.')
  return notMeTokenIn(mail)
}

describe('a passkey that its owner did not add', () => {
  test('is removed by the link in the mail that told of it, and the owner can add one of their own', async ({
    app,
  }) => {
    const stranger = await withPasskey(app) // whoever had read one mail
    const token = await tokenOfLatest(app, stranger.email)
    const owner = await signIn(app, stranger.email)
    expect((await owner.browser.graphql(DISOWN, { token })).data).toEqual({ disownAlert: true })

    expect((await passkeyLogin(app.browser(), stranger.authenticator)).code).toBe('PASSKEY_INVALID')
    const { passkeyCount } = await app.services.database.systemDb.user.findUniqueOrThrow({
      where: { id: rowId(owner.userId) },
    })
    expect(passkeyCount).toBe(0)

    const back = await signIn(app, owner.email, { browser: owner.browser })
    expect((await back.browser.graphql<{ session: { level: string } }>(LEVEL)).data?.session.level).toBe('STRONG')
    const own = await register(back.browser, makeAuthenticator(siteOf(app)))
    expect(own.errors).toEqual([])
  })

  test('another alert of the same account removes none', async ({ app }) => {
    const ada = await withPasskey(app)
    const second = await register(ada.browser, makeAuthenticator(siteOf(app)))
    const id = second.data?.completePasskeyRegistration.id
    const token = await tokenOfLatest(app, ada.email)
    await ada.browser.graphql(DISOWN, { token })

    const { data } = await ada.browser.graphql<{ devices: PasskeyShown[] }>(DEVICES)
    expect(data?.devices.map((device) => device.id)).toEqual([ada.passkey.id])
    expect(id).not.toBe(ada.passkey.id)
  })
})
