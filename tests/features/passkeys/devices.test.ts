import { describe, expect, onTestFinished } from 'vitest'
import { startTestApp, test } from '../../support/app.ts'
import { makeAuthenticator } from '../../support/authenticator.ts'
import type { Visitor } from '../../support/browser-like.ts'
import { signIn } from '../../support/people.ts'
import { DEVICES, passkeyLogin, register, REMOVE, RENAME, rowId, siteOf, withPasskey } from '../../support/passkeys.ts'
import type { PasskeyShown } from '../../support/passkeys.ts'

const PAGE = '{ securityDevices { passkeys { id name } sessions { id current } passkeysLeft } sessions { id current } }'

type Page = {
  securityDevices: {
    passkeys: { id: string; name: string }[]
    sessions: { id: string; current: boolean }[]
    passkeysLeft: number
  }
  sessions: { id: string; current: boolean }[]
}

describe('the list of devices', () => {
  test('has the passkeys, the newest first, and each is a node', async ({ app }) => {
    const owner = await withPasskey(app)
    app.clock.advance(1_000)
    await register(owner.browser, makeAuthenticator(siteOf(app)), { name: 'Second' })

    const { data } = await owner.browser.graphql<{ devices: PasskeyShown[] }>(DEVICES)

    expect(data?.devices.map(({ name }) => name)).toEqual(['Second', 'Passkey on macOS'])
    const node = 'query ($id: ID!) { node(id: $id) { id ... on Passkey { name transports deviceType } } }'
    const { data: found } = await owner.browser.graphql(node, { id: owner.passkey.id })
    expect(found).toEqual({
      node: {
        id: owner.passkey.id,
        name: 'Passkey on macOS',
        transports: owner.passkey.transports,
        deviceType: 'MULTI_DEVICE',
      },
    })
  })

  test('securityDevices has every way in on one page, with the same sessions as the list of them', async ({ app }) => {
    const owner = await withPasskey(app)
    await passkeyLogin(app.browser(), owner.authenticator)

    const { data } = await owner.browser.graphql<Page>(PAGE)

    expect(data?.securityDevices.passkeys).toEqual([{ id: owner.passkey.id, name: owner.passkey.name }])
    expect(data?.securityDevices.passkeysLeft).toBe(4)
    expect(data?.securityDevices.sessions).toEqual(data?.sessions)
    expect(data?.sessions).toHaveLength(2)
    expect(data?.sessions.filter(({ current }) => current)).toEqual([{ id: owner.sessionId, current: true }])
  })

  test('says how many are left', async ({ app }) => {
    const { browser } = await signIn(app)
    const left = []
    for (let count = 0; count <= 5; count++) {
      left.push((await browser.graphql<Page>(PAGE)).data?.securityDevices.passkeysLeft)
      if (count < 5) await register(browser, makeAuthenticator(siteOf(app)))
    }
    expect(left).toEqual([5, 4, 3, 2, 1, 0])
  })
})

describe('renaming a device', () => {
  test('changes its name alone', async ({ app }) => {
    const owner = await withPasskey(app)

    const { data } = await owner.browser.graphql(RENAME, { id: owner.passkey.id, name: ' Work  key ' })

    expect(data).toEqual({ renameDevice: { ...owner.passkey, name: 'Work  key' } })
  })

  test('takes no name that cannot be seen, and no id of another type', async ({ app }) => {
    const owner = await withPasskey(app)
    for (const name of ['', ' ', 'x'.repeat(65), 'a\tb']) {
      expect((await owner.browser.graphql(RENAME, { id: owner.passkey.id, name })).code).toBe('BAD_INPUT')
    }
    for (const id of [owner.sessionId, rowId(owner.passkey.id), '']) {
      expect((await owner.browser.graphql(RENAME, { id, name: 'x' })).code).toBe('BAD_INPUT')
    }
  })
})

describe('adding and removing', () => {
  test('goes ten times an hour for a user, whichever of their sessions it is, and for another user by itself', async () => {
    const app = await startTestApp({ env: { RATE_LIMIT_SCALE: '1' } })
    onTestFinished(() => app.close())
    const owner = await withPasskey(app)
    const bystander = await withPasskey(app)
    const sessions = [owner.browser, app.browser(), app.browser()]
    for (const browser of sessions.slice(1)) await passkeyLogin(browser, owner.authenticator)
    const [first, second, third] = sessions as [Visitor, Visitor, Visitor] // as many as were just made

    // The owner's first passkey was the first change.
    for (let changes = 1; changes < 9; changes += 2) {
      const added = await register(first, makeAuthenticator(siteOf(app)))
      expect(added.code).toBeNull()
      const id = added.data?.completePasskeyRegistration.id
      expect((await second.graphql(REMOVE, { id })).code).toBeNull()
    }
    expect((await register(second, makeAuthenticator(siteOf(app)))).code).toBeNull()

    expect((await third.graphql(REMOVE, { id: owner.passkey.id })).code).toBe('RATE_LIMITED')
    expect((await register(third, makeAuthenticator(siteOf(app)))).code).toBe('RATE_LIMITED')
    expect((await first.graphql<{ devices: object[] }>(DEVICES)).data?.devices).toHaveLength(2)
    expect((await register(bystander.browser, makeAuthenticator(siteOf(app)))).code).toBeNull()
  })
})

describe('removing a device', () => {
  test('answers what it was, logs it, and warns its owner once', async ({ app }) => {
    const owner = await withPasskey(app)
    const { systemDb } = app.services.database

    const { data } = await owner.browser.graphql(REMOVE, { id: owner.passkey.id })

    expect(data).toEqual({ removeDevice: owner.passkey })
    expect((await owner.browser.graphql(REMOVE, { id: owner.passkey.id })).code).toBe('NOT_FOUND')
    const entries = await systemDb.auditEntry.findMany({ where: { action: 'passkey.deleted' } })
    expect(entries).toMatchObject([{ userId: rowId(owner.userId), recordId: rowId(owner.passkey.id), success: true }])
    const alerts = await systemDb.securityAlert.findMany({ where: { kind: 'passkey.removed' } })
    expect(alerts).toMatchObject([{ userId: rowId(owner.userId) }])
    expect(alerts[0]?.message).toMatch(/mail/)
  })

  test('leaves mail as a way in, also after the last one', async ({ app }) => {
    const owner = await withPasskey(app)
    await owner.browser.graphql(REMOVE, { id: owner.passkey.id })

    const { userId } = await signIn(app, owner.email)

    expect(userId).toBe(owner.userId)
  })

  test('counts down for what follows in the same request', async ({ app }) => {
    const owner = await withPasskey(app)
    const document = `mutation ($id: ID!) { removeDevice(id: $id) { id } beginPasskeyReauthentication { challengeId } }`
    const { errors } = await owner.browser.graphql(document, { id: owner.passkey.id })
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['NOT_FOUND'])
  })
})
