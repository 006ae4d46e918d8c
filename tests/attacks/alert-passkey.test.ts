import { describe, expect } from 'vitest'
import { DISOWN, notMeTokenIn } from '../features/alerts/support.ts'
import { test } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { makeAuthenticator } from '../support/authenticator.ts'
import { signIn } from '../support/people.ts'
import { DEVICES, LEVEL, passkeyLogin, register, REMOVE, rowId, siteOf, withPasskey } from '../support/passkeys.ts'
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

describe('M7: a passkey whose name is a message of its own', () => {
  test.for([
    ['Undo it at https://evil.example/undo?a=1', 'Undo it at https evil example undo a 1'],
    ['". Support: www.evil.example or help@evil.example', '. Support www evil example or help evil example'],
    ['<a href="https://evil.example">undo</a>', 'a href https evil example undo a'],
    ['🔑🔑', 'without a name'],
    ["Ada's key (blue), no. 2", "Ada's key (blue), no. 2"],
  ])('M7: %s leaves no link in the mails that name it, nor in the alert', async ([name = '', shown], { app }) => {
    const { browser, email, userId } = await signIn(app)
    const { data } = await register(browser, makeAuthenticator(siteOf(app)), { name })
    expect(data?.completePasskeyRegistration.name).toBe(name)
    await browser.graphql(REMOVE, { id: data?.completePasskeyRegistration.id })

    await app.services.outbox.sendDue()
    const mails = app.mailbox.mails.filter(({ to, subject }) => to === email && subject.startsWith('A passkey was'))
    expect(mails).toHaveLength(2)
    for (const { text } of mails) {
      expect(text).toContain(`The passkey "${shown}" was `)
      expect(text.match(/https?:\S+|www\.\S+|\S+\.example\S*/g)).toEqual([expect.stringContaining('/auth/not-me#')])
    }
    for (const { html } of mails) expect(html).not.toMatch(/evil\.example/)
    const alerts = await app.services.database.systemDb.securityAlert.findMany({ where: { userId: rowId(userId) } })
    for (const { message } of alerts) expect(message).toContain(`"${shown}"`)
  })
})
