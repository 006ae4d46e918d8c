import { v7 as uuidv7 } from 'uuid'
import { describe, expect } from 'vitest'
import { test } from '../../support/app.ts'
import type { TestApp } from '../../support/app.ts'
import { makeAuthenticator } from '../../support/authenticator.ts'
import { allSlots, codeSlots, random, slotInput } from '../../support/envelopes.ts'
import { DISOWN, notMeTokenIn } from '../alerts/support.ts'
import { register, REMOVE, rowId, siteOf, withPasskey } from '../../support/passkeys.ts'
import { signIn } from '../../support/people.ts'
import {
  CHANGE,
  CODES,
  DISABLE_BIOMETRIC,
  ENABLE,
  keysOf,
  nextKeys,
  passkeySlot,
  ROTATE,
  STATUS,
  statusOf,
  switchOn,
  withEncryption,
} from './support.ts'
import type { Encrypted } from './support.ts'

const kinds = async ({ browser }: Pick<Encrypted, 'browser'>) => (await keysOf(browser))?.slots.map(({ kind }) => kind)

async function withBoth(app: TestApp) {
  const owner = await withPasskey(app)
  return { ...owner, ...(await switchOn(owner)) }
}

const slotRows = ({ services }: TestApp, userId: string) =>
  services.database.systemDb.keySlot.findMany({ where: { userId }, orderBy: { id: 'asc' } })

describe('enableBiometricUnlock', () => {
  test('adds the slot of a passkey, and takes the place of its former one', async ({ app }) => {
    const owner = await withBoth(app)
    const { browser, held, passkey } = owner
    const first = passkeySlot(held, passkey.id)
    const status = await statusOf(browser.graphql(ENABLE, { input: { slot: first } }))
    expect(status).toMatchObject({ biometricAvailable: true, recoveryCodesLeft: 8 })
    expect(await kinds(owner)).toEqual(['PASSPHRASE', 'PASSKEY'])

    const second = passkeySlot(held, rowId(passkey.id))
    await statusOf(browser.graphql(ENABLE, { input: { slot: second } }))
    const shown = (await keysOf(browser))?.slots.find(({ kind }) => kind === 'PASSKEY')
    expect(shown).toMatchObject({ id: second.id, passkeyId: passkey.id, envelope: second.envelope })
    expect(await slotRows(app, held.userId)).toHaveLength(10)
    const alerts = await app.services.database.systemDb.securityAlert.findMany({
      where: { userId: held.userId, kind: 'encryption.unlock-added' },
    })
    expect(alerts.map(({ message }) => message.includes(passkey.name))).toEqual([true, true])
  })

  test("P1: another user's passkey, or none, is refused, and nothing changes", async ({ app }) => {
    const [owner, eve] = [await withBoth(app), await withPasskey(app)]
    const { browser, held } = owner
    const before = await slotRows(app, held.userId)
    for (const passkeyId of [eve.passkey.id, `passkey_${uuidv7()}`, 'passkey_x', '', undefined]) {
      const slot = { ...passkeySlot(held, eve.passkey.id), passkeyId }
      expect((await browser.graphql(ENABLE, { input: { slot } })).code).toBe('SLOTS_INVALID')
    }
    expect(await slotRows(app, held.userId)).toEqual(before)
    expect(await statusOf(browser.graphql(STATUS))).toMatchObject({ biometricAvailable: false })
  })

  test('another kind, the id of another slot, and another generation are refused', async ({ app }) => {
    const { browser, held, passkey, input } = await withBoth(app)
    const before = await slotRows(app, held.userId)
    const taken = rowId(input.slots[0]?.id ?? '')
    const slots = [
      slotInput({ userId: held.userId, kind: 'PASSPHRASE', generation: 1 }),
      slotInput({ userId: held.userId, kind: 'SECURITY_QUESTIONS', generation: 1 }),
      passkeySlot(held, passkey.id, taken),
      { ...passkeySlot(held, passkey.id), verifier: random(32) },
    ]
    for (const slot of slots) expect((await browser.graphql(ENABLE, { input: { slot } })).code).toBe('SLOTS_INVALID')
    const later = passkeySlot({ ...held, generation: 2 }, passkey.id)
    expect((await browser.graphql(ENABLE, { input: { slot: later } })).errors[0]?.extensions).toMatchObject({
      code: 'ENVELOPE_INVALID',
      field: 'slot.envelope',
      reason: 'ctx',
    })
    expect(await slotRows(app, held.userId)).toEqual(before)
  })

  test('is never the only way in: a passphrase and an unused code must stand beside it', async ({ app }) => {
    const { browser, held, passkey } = await withBoth(app)
    const { systemDb } = app.services.database
    const slot = passkeySlot(held, passkey.id)
    for (const kind of ['RECOVERY_CODE', 'PASSPHRASE']) {
      const [row] = await systemDb.keySlot.findMany({ where: { userId: held.userId, kind } })
      await systemDb.keySlot.deleteMany({ where: { userId: held.userId, kind } })
      expect((await browser.graphql(ENABLE, { input: { slot } })).code).toBe('SLOTS_INVALID')
      if (row) await systemDb.keySlot.create({ data: row })
    }
    await statusOf(browser.graphql(ENABLE, { input: { slot } }))
  })

  test('ENCRYPTION_OFF before the setup', async ({ app }) => {
    const { browser, passkey, userId } = await withPasskey(app)
    const slot = slotInput({ userId: rowId(userId), kind: 'PASSKEY', generation: 1, passkeyId: passkey.id })
    expect((await browser.graphql(ENABLE, { input: { slot } })).code).toBe('ENCRYPTION_OFF')
  })
})

describe('the slot of a passkey', () => {
  test('closes by disableBiometricUnlock, once, and of its owner alone', async ({ app }) => {
    const owner = await withBoth(app)
    const eve = await withEncryption(app)
    const { browser, held, passkey } = owner
    await statusOf(browser.graphql(ENABLE, { input: { slot: passkeySlot(held, passkey.id) } }))

    expect((await eve.browser.graphql(DISABLE_BIOMETRIC, { id: passkey.id })).code).toBe('NOT_FOUND')
    expect(await kinds(owner)).toEqual(['PASSPHRASE', 'PASSKEY'])
    const status = await statusOf(browser.graphql(DISABLE_BIOMETRIC, { id: passkey.id }))
    expect(status).toMatchObject({ biometricAvailable: false, enabled: true })
    expect((await browser.graphql(DISABLE_BIOMETRIC, { id: passkey.id })).code).toBe('NOT_FOUND')
    expect((await browser.graphql(DISABLE_BIOMETRIC, { id: `record_${uuidv7()}` })).code).toBe('BAD_INPUT')
  })

  test('goes with the passkey; biometricAvailable stays true while another one opens', async ({ app }) => {
    const owner = await withBoth(app)
    const { browser, held, passkey } = owner
    const added = await register(browser, makeAuthenticator(siteOf(app)))
    const other = added.data?.completePasskeyRegistration.id ?? ''
    for (const id of [passkey.id, other]) {
      await statusOf(browser.graphql(ENABLE, { input: { slot: passkeySlot(held, id) } }))
    }
    expect((await browser.graphql(REMOVE, { id: passkey.id })).code).toBeNull()
    expect(await statusOf(browser.graphql(STATUS))).toMatchObject({ biometricAvailable: true })
    expect(await kinds(owner)).toEqual(['PASSPHRASE', 'PASSKEY'])
    expect((await browser.graphql(REMOVE, { id: other })).code).toBeNull()
    expect(await statusOf(browser.graphql(STATUS))).toMatchObject({ biometricAvailable: false })
    expect(await kinds(owner)).toEqual(['PASSPHRASE'])
    const removed = await app.services.database.systemDb.auditEntry.count({
      where: { userId: held.userId, action: 'encryption.unlock-removed' },
    })
    expect(removed).toBe(2)
  })

  test('goes with "this was not me" about the passkey, and the rest of the keys stays', async ({ app }) => {
    const owner = await withBoth(app)
    const { browser, held, passkey, email } = owner
    await statusOf(browser.graphql(ENABLE, { input: { slot: passkeySlot(held, passkey.id) } }))
    await app.services.outbox.sendDue()
    const mail = app.mailbox.mails.find(({ to, text }) => to === email && text.includes('removes this passkey'))
    const disowned = await app.browser().graphql(DISOWN, { token: notMeTokenIn(mail ?? { text: '' }) })
    expect(disowned.data).toEqual({ disownAlert: true })
    expect((await slotRows(app, held.userId)).map(({ kind }) => kind)).not.toContain('PASSKEY')
    const back = await signIn(app, email)
    expect(await statusOf(back.browser.graphql(STATUS))).toMatchObject({ enabled: true, biometricAvailable: false })
  })
})

describe('changePassphrase', () => {
  test('replaces the slot and the salt, and nothing else', async ({ app }) => {
    const { browser, held, input } = await withEncryption(app)
    const slot = slotInput({ userId: held.userId, kind: 'PASSPHRASE', generation: 1 })
    const keySalt = random(32)
    const status = await statusOf(browser.graphql(CHANGE, { input: { slot, keySalt, ringRevision: 1 } }))
    expect(status).toMatchObject({ ringRevision: 1, generation: 1, recoveryCodesLeft: 8 })
    expect(await keysOf(browser)).toMatchObject({
      keySalt,
      encryptedPrivateKey: input.encryptedPrivateKey,
      slots: [{ id: slot.id, envelope: slot.envelope }],
    })
    expect(await slotRows(app, held.userId)).toHaveLength(9)
  })

  test('CONFLICT names the revision in force, after somebody has rotated', async ({ app }) => {
    const { browser, held } = await withEncryption(app)
    await statusOf(browser.graphql(ROTATE, { input: nextKeys(held).input }))
    const before = await slotRows(app, held.userId)
    const slot = slotInput({ userId: held.userId, kind: 'PASSPHRASE', generation: 1 })
    const { errors } = await browser.graphql(CHANGE, { input: { slot, keySalt: random(32), ringRevision: 1 } })
    expect(errors[0]?.extensions).toMatchObject({ code: 'CONFLICT', currentRevision: 2 })
    expect(await slotRows(app, held.userId)).toEqual(before)
  })

  test('another kind, a bad salt, and before the setup', async ({ app }) => {
    const { browser, held } = await withEncryption(app)
    const [code] = codeSlots(held.userId, 1)
    const slot = slotInput({ userId: held.userId, kind: 'PASSPHRASE', generation: 1 })
    const change = (more: object) =>
      browser.graphql(CHANGE, { input: { slot, keySalt: random(32), ringRevision: 1, ...more } })
    expect((await change({ slot: code })).code).toBe('SLOTS_INVALID')
    expect((await change({ keySalt: 'x' })).code).toBe('BAD_INPUT')
    const eve = await signIn(app)
    const early = await eve.browser.graphql(CHANGE, { input: { slot, keySalt: random(32), ringRevision: 0 } })
    expect(early.code).toBe('ENCRYPTION_OFF')
  })
})

describe('regenerateRecoveryCodes', () => {
  test('replaces all eight, whatever is left of them', async ({ app }) => {
    const { browser, held } = await withEncryption(app)
    const { systemDb } = app.services.database
    const [used] = await systemDb.keySlot.findMany({ where: { userId: held.userId, kind: 'RECOVERY_CODE' } })
    await systemDb.keySlot.deleteMany({ where: { userId: held.userId, id: used?.id ?? '' } })
    expect(await statusOf(browser.graphql(STATUS))).toMatchObject({ recoveryCodesLeft: 7 })
    const slots = codeSlots(held.userId, 1)
    expect(await statusOf(browser.graphql(CODES, { input: { slots } }))).toMatchObject({ recoveryCodesLeft: 8 })
    const ids = (await slotRows(app, held.userId)).filter(({ kind }) => kind === 'RECOVERY_CODE').map(({ id }) => id)
    expect(ids.sort()).toEqual(slots.map(({ id }) => rowId(id)).sort())
  })

  test('seven, nine, or other kinds are refused, and the old ones stay', async ({ app }) => {
    const { browser, held } = await withEncryption(app)
    const before = await slotRows(app, held.userId)
    const codes = codeSlots(held.userId, 1)
    const sets = [[], codes.slice(1), [...codes, ...codeSlots(held.userId, 1).slice(7)], allSlots(held.userId, 1)]
    for (const slots of sets) {
      expect((await browser.graphql(CODES, { input: { slots } })).code).toBe('SLOTS_INVALID')
    }
    expect(await slotRows(app, held.userId)).toEqual(before)
  })
})

describe('KeySlot as a node', () => {
  const NODE = 'query ($id: ID!) { node(id: $id) { id ... on KeySlot { kind envelope } } }'

  test('is found by its owner, a passphrase or passkey alone', async ({ app }) => {
    const { browser, input } = await withEncryption(app)
    const [passphrase, code] = input.slots
    expect((await browser.graphql(NODE, { id: passphrase?.id })).data).toEqual({
      node: { id: passphrase?.id, kind: 'PASSPHRASE', envelope: passphrase?.envelope },
    })
    expect((await browser.graphql(NODE, { id: code?.id })).data).toEqual({ node: null })
    const eve = await withEncryption(app)
    expect((await eve.browser.graphql(NODE, { id: passphrase?.id })).data).toEqual({ node: null })
  })

  test('its envelope asks for a fresh proof, as encryptionKeys does', async ({ app }) => {
    const { browser, input } = await withEncryption(app)
    app.clock.advance(16 * 60_000)
    const id = input.slots[0]?.id
    expect((await browser.graphql(NODE, { id })).code).toBe('REAUTHENTICATION_REQUIRED')
    expect(
      (
        await browser.graphql('query ($ids: [ID!]!) { nodes(ids: $ids) { ... on KeySlot { envelope } } }', {
          ids: [id],
        })
      ).code,
    ).toBe('REAUTHENTICATION_REQUIRED')
    expect((await browser.graphql('{ encryptionKeys { keyId } }')).code).toBe('REAUTHENTICATION_REQUIRED')
    expect((await browser.graphql(STATUS)).code).toBeNull()
  })
})
