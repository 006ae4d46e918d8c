import { describe, expect } from 'vitest'
import { DISOWN, notMeTokenIn, raise } from '../features/alerts/support.ts'
import { test } from '../support/app.ts'
import { makeAuthenticator } from '../support/authenticator.ts'
import { signIn } from '../support/people.ts'
import { begin, BEGIN_REGISTRATION, rowId, siteOf, withPasskey } from '../support/passkeys.ts'
import type { Creation } from '../support/passkeys.ts'

describe('S2: a session that has ended', () => {
  test('S2: leaves no passkey behind, when it ends in the same request', async ({ app }) => {
    const { browser, userId } = await signIn(app)
    const { challengeId, options } = await begin<Creation>(browser, BEGIN_REGISTRATION)
    const response = makeAuthenticator(siteOf(app)).create(options)
    const { errors } = await browser.graphql(
      `mutation ($challengeId: ID!, $response: JSON!) {
        logout
        completePasskeyRegistration(input: { challengeId: $challengeId, response: $response }) { id }
      }`,
      { challengeId, response },
    )
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['UNAUTHENTICATED'])
    const { systemDb } = app.services.database
    expect(await systemDb.passkey.count({ where: { userId: rowId(userId) } })).toBe(0)
    expect(await systemDb.user.findUniqueOrThrow({ where: { id: rowId(userId) } })).toMatchObject({ passkeyCount: 0 })
  })

  test('S2: removes no passkey, when it ends in the same request', async ({ app }) => {
    const { browser, userId, passkey } = await withPasskey(app)
    const { errors } = await browser.graphql('mutation ($id: ID!) { logout removeDevice(id: $id) { id } }', {
      id: passkey.id,
    })
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['UNAUTHENTICATED'])
    expect(await app.services.database.systemDb.passkey.count({ where: { userId: rowId(userId) } })).toBe(1)
  })

  test('S1: "this was not me" leaves the asking browser its session, and a copy of its cookie nothing', async ({
    app,
  }) => {
    const ada = await signIn(app)
    await raise(app, ada)
    await app.services.outbox.sendDue()
    const mail = app.mailbox.mails.findLast(({ to, text }) => to === ada.email && text.includes('/auth/not-me#'))
    const copy = app.browser()
    for (const [name, value] of ada.browser.cookies) copy.cookies.set(name, value)

    expect((await ada.browser.graphql(DISOWN, { token: notMeTokenIn(mail ?? { text: '' }) })).data).toEqual({
      disownAlert: true,
    })
    const level = '{ session { id level } }'
    expect((await ada.browser.graphql(level)).data).toEqual({ session: { id: ada.sessionId, level: 'SESSION' } })
    expect((await copy.graphql(level)).data).toEqual({ session: null })
  })
})
