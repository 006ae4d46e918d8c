import { describe, expect } from 'vitest'
import { DISOWN, notMeTokenIn, raise } from '../features/alerts/support.ts'
import type { Mail } from '../../src/platform/mail/mailer.ts'
import { test } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { makeAuthenticator } from '../support/authenticator.ts'
import type { Visitor } from '../support/browser-like.ts'
import { provider } from '../support/databases.ts'
import { hold, untilWaiting } from '../support/held-rows.ts'
import { askForLink, signIn, VERIFY } from '../support/people.ts'
import type { Person } from '../support/people.ts'
import {
  begin,
  BEGIN_REAUTHENTICATION,
  BEGIN_REGISTRATION,
  COMPLETE_REAUTHENTICATION,
  COMPLETE_REGISTRATION,
  passkeyLogin,
  rowId,
  siteOf,
  withPasskey,
} from '../support/passkeys.ts'
import type { Creation, Request } from '../support/passkeys.ts'

// On SQLite transactions take turns, so nothing comes between.
describe.skipIf(provider === 'sqlite')('what is under way when a session ends', () => {
  test('S2: a registration leaves no passkey behind', async ({ app }) => {
    const ada = await signIn(app)
    const userId = rowId(ada.userId)
    const { challengeId, options } = await begin<Creation>(ada.browser, BEGIN_REGISTRATION)
    const authenticator = makeAuthenticator(siteOf(app))
    const response = authenticator.create(options)
    const letGo = await hold(app, (tx) => tx.user.updateMany({ where: { id: userId }, data: { displayName: null } }))
    const registering = ada.browser.graphql(COMPLETE_REGISTRATION, { challengeId, response })
    await untilWaiting(app, 1)
    await app.services.database.systemDb.session.deleteMany({ where: { userId } })
    await letGo()

    expect((await registering).code).toBe('UNAUTHENTICATED')
    expect(await app.services.database.systemDb.passkey.count({ where: { userId } })).toBe(0)
    expect((await passkeyLogin(app.browser(), authenticator)).code).toBe('PASSKEY_INVALID')
  })

  test('S2: a sign-in does not survive "this was not me"', async ({ app }) => {
    const ada = await signIn(app)
    const userId = rowId(ada.userId)
    await raise(app, ada)
    await app.services.outbox.sendDue()
    const mail = app.mailbox.mails.findLast(({ to, text }) => to === ada.email && text.includes('/auth/not-me#'))
    const thief = app.browser()
    const { token } = await askForLink(app, thief, ada.email)
    const letGo = await hold(app, (tx) =>
      tx.knownPlace.updateMany({ where: { userId }, data: { lastSeenAt: new Date() } }),
    )
    const signingIn = thief.graphql(VERIFY, { token })
    await untilWaiting(app, 1)
    const disowning = app.browser().graphql(DISOWN, { token: notMeTokenIn(mail ?? { text: '' }) })
    await untilWaiting(app, 2)
    await letGo()

    await signingIn
    expect((await disowning).data).toEqual({ disownAlert: true })
    expect((await thief.graphql('{ session { id } }')).data).toEqual({ session: null })
    expect(await app.services.database.systemDb.session.count({ where: { userId } })).toBe(0)
  })

  test('S2: a copy of the session that says "this was not me" leaves no passkey behind', async ({ app }) => {
    const ada = await signIn(app)
    const userId = rowId(ada.userId)
    const token = await notMeTokenOf(app, ada)
    const thief = copyOf(app, ada)
    const { challengeId, options } = await begin<Creation>(thief, BEGIN_REGISTRATION)
    const response = makeAuthenticator(siteOf(app)).create(options)
    const letGo = await hold(app, (tx) =>
      tx.passkeyChallenge.updateMany({ where: { id: challengeId }, data: { email: null } }),
    )
    const registering = thief.graphql(COMPLETE_REGISTRATION, { challengeId, response })
    await untilWaiting(app, 1)
    expect((await ada.browser.graphql(DISOWN, { token })).data).toEqual({ disownAlert: true })
    await letGo()

    expect((await registering).code).toBe('UNAUTHENTICATED')
    expect(await app.services.database.systemDb.passkey.count({ where: { userId } })).toBe(0)
    expect((await ada.browser.graphql('{ session { level } }')).data).toEqual({ session: { level: 'SESSION' } })
  })

  test('S2: a copy of the session that says "this was not me" does not take it over by a proof under way', async ({
    app,
  }) => {
    const ada = await withPasskey(app)
    const token = await notMeTokenOf(app, ada)
    const thief = copyOf(app, ada)
    const { challengeId, options } = await begin<Request>(thief, BEGIN_REAUTHENTICATION)
    const response = ada.authenticator.get(options)
    const id = rowId(ada.passkey.id)
    const letGo = await hold(app, (tx) => tx.passkey.updateMany({ where: { id }, data: { backedUp: false } }))
    const proving = thief.graphql(COMPLETE_REAUTHENTICATION, { challengeId, response })
    await untilWaiting(app, 1)
    expect((await ada.browser.graphql(DISOWN, { token })).data).toEqual({ disownAlert: true })
    await letGo()

    expect((await proving).code).toBe('UNAUTHENTICATED')
    expect((await thief.graphql('{ session { id } }')).data).toEqual({ session: null })
    expect((await ada.browser.graphql('{ session { level } }')).data).toEqual({ session: { level: 'SESSION' } })
  })
})

/** The token in the mail of a warning that has just come. */
async function notMeTokenOf(app: TestApp, person: Person): Promise<string> {
  await raise(app, person)
  const isNewDevice = ({ subject }: Mail) => subject.startsWith('A sign-in from a new device')
  return notMeTokenIn(await app.mailbox.latest(person.email, 1, isNewDevice))
}

/** What a thief has who read the cookies of a browser. */
function copyOf(app: TestApp, { browser }: Person): Visitor {
  const copy = app.browser()
  for (const [name, value] of browser.cookies) copy.cookies.set(name, value)
  return copy
}
