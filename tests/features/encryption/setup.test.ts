import { v7 as uuidv7 } from 'uuid'
import { describe, expect } from 'vitest'
import { test } from '../../support/app.ts'
import type { TestApp } from '../../support/app.ts'
import { newKid, publicRecordEnvelope, random, recordEnvelope, slotInput, thumbprint } from '../../support/envelopes.ts'
import type { Jwk, SlotInput } from '../../support/envelopes.ts'
import { askForLink, signIn } from '../../support/people.ts'
import { withPasskey } from '../../support/passkeys.ts'
import { create, jwe, made, newId, remove, rowId, update } from '../records/support.ts'
import {
  DISABLE,
  encryptedRecords,
  envelopeFor,
  firstSetup,
  keysOf,
  rotated,
  setupInput,
  SETUP,
  STATUS,
  statusOf,
  switchOn,
  withEncryption,
} from './support.ts'
import type { SetupInput } from './support.ts'

const OFF = {
  enabled: false,
  biometricAvailable: false,
  recoveryCodesLeft: 0,
  securityQuestionsSet: false,
  createdAt: null,
  generation: 0,
  ringRevision: 0,
  rotation: null,
}

/** All that is kept of an account's keys. */
async function keptOf({ services }: TestApp, userId: string) {
  const { systemDb } = services.database
  return {
    keys: await systemDb.encryptionKeys.findUnique({ where: { userId } }),
    slots: await systemDb.keySlot.findMany({ where: { userId }, orderBy: { id: 'asc' } }),
    usage: await systemDb.recordUsage.findUnique({ where: { userId } }),
  }
}

describe('setupEncryption', () => {
  test('switches encryption on: the status says so, and a client gets what it needs to unlock', async ({ app }) => {
    const { browser, userId } = await signIn(app)
    expect(await statusOf(browser.graphql(STATUS))).toEqual(OFF)
    expect(await keysOf(browser)).toBeNull()

    const kid = newKid()
    const input = firstSetup(rowId(userId), kid)
    const status = await statusOf(browser.graphql(SETUP, { input }))
    expect(status).toEqual({
      ...OFF,
      enabled: true,
      recoveryCodesLeft: 8,
      createdAt: expect.any(String) as string,
      generation: 1,
      ringRevision: 1,
    })
    expect(await statusOf(browser.graphql(STATUS))).toEqual(status)

    const [passphrase] = input.slots
    expect(await keysOf(browser)).toEqual({
      encryptedPrivateKey: input.encryptedPrivateKey,
      publicKey: input.publicKey,
      keySalt: input.keySalt,
      keyId: kid,
      ringRevision: 1,
      slotsRevision: 1,
      generation: 1,
      slots: [
        {
          id: passphrase?.id,
          kind: 'PASSPHRASE',
          passkeyId: null,
          envelope: passphrase?.envelope,
          createdAt: status.createdAt,
        },
      ],
    })
  })

  test('is refused when it is on, and changes nothing', async ({ app }) => {
    const { browser, held } = await withEncryption(app)
    const before = await keptOf(app, held.userId)
    const again = setupInput(held.userId, { generation: 2, ringRevision: 2, kid: newKid() })
    expect((await browser.graphql(SETUP, { input: again })).code).toBe('ENCRYPTION_ON')
    expect(await keptOf(app, held.userId)).toEqual(before)
  })

  test('keeps slots sealed, and verifiers as HMACs with the id of their key', async ({ app }) => {
    const { input, held } = await withEncryption(app)
    const { slots } = await keptOf(app, held.userId)
    expect(slots).toHaveLength(9)
    const kept = JSON.stringify(slots)
    for (const { envelope, verifier = 'none' } of input.slots) {
      for (const secret of [envelope, verifier, ...envelope.split('.').filter((part) => part.length > 20)])
        expect(kept).not.toContain(secret)
    }
    expect(slots.filter(({ verifierHash }) => verifierHash?.startsWith('test.'))).toHaveLength(8)
  })

  test('another MASTER_KEY in front reads what the old one sealed', async ({ app }) => {
    const { browser, input } = await withEncryption(app)
    await app.restart({ MASTER_KEYS: `next:${random(32)},${app.env['MASTER_KEYS'] ?? ''}` })
    const keys = await keysOf(browser)
    expect(keys?.slots.map(({ envelope }) => envelope)).toEqual([input.slots[0]?.envelope])
  })

  test('a sealed envelope that was moved to another slot or user does not open', async ({ app }) => {
    const [ada, eve] = [await withEncryption(app), await withEncryption(app)]
    const { systemDb } = app.services.database
    const stolen = await systemDb.keySlot.findFirstOrThrow({ where: { userId: ada.held.userId, kind: 'PASSPHRASE' } })
    await systemDb.keySlot.updateMany({
      where: { userId: eve.held.userId, kind: 'PASSPHRASE' },
      data: { envelope: stolen.envelope },
    })
    const { code, data } = await eve.browser.graphql('{ encryptionKeys { slots { envelope } } }')
    expect({ code, data }).toEqual({ code: 'INTERNAL', data: { encryptionKeys: null } })
  })

  test('writes one line of the log and one alert, with a mail', async ({ app }) => {
    const { email, held, browser } = await withEncryption(app)
    const { systemDb } = app.services.database
    const lines = await systemDb.auditEntry.findMany({ where: { userId: held.userId, action: 'encryption.enabled' } })
    expect(lines.map(({ success, recordId }) => ({ success, recordId }))).toEqual([
      { success: true, recordId: held.userId },
    ])
    const alerts = await systemDb.securityAlert.findMany({ where: { userId: held.userId } })
    expect(alerts.map(({ kind }) => kind)).toEqual(['encryption.enabled'])
    await app.services.outbox.sendDue()
    expect(app.mailbox.mails.filter(({ to, subject }) => to === email && /switched on/.test(subject))).toHaveLength(1)
    await keysOf(browser)
    expect(await systemDb.auditEntry.count({ where: { userId: held.userId, action: 'encryptionKeys.read' } })).toBe(2)
  })
})

type Fault = [name: string, code: string, field: string, change: (input: SetupInput, userId: string) => unknown]

const without = (slots: SlotInput[], kind: string): SlotInput[] => slots.filter((slot) => slot.kind !== kind)
type Changed = Partial<Record<keyof SlotInput, string | undefined>>
const second = (slots: SlotInput[], change: Changed): object[] =>
  slots.map((slot, index) => (index === 1 ? { ...slot, ...change } : slot))
const first = (slots: SlotInput[], change: Changed): object[] =>
  slots.map((slot, index) => (index === 0 ? { ...slot, ...change } : slot))
const withKey = (change: object) => (input: SetupInput) => ({ ...input, publicKey: { ...input.publicKey, ...change } })
const offTheCurve = ({ x, y }: Jwk): Partial<Jwk> => ({ x: y, y: x })

const FAULTS: Fault[] = [
  ['no passphrase', 'SLOTS_INVALID', 'slots', (input) => ({ ...input, slots: without(input.slots, 'PASSPHRASE') })],
  ['no code', 'SLOTS_INVALID', 'slots', (input) => ({ ...input, slots: without(input.slots, 'RECOVERY_CODE') })],
  ['no slot', 'SLOTS_INVALID', 'slots', (input) => ({ ...input, slots: [] })],
  ['seven codes', 'SLOTS_INVALID', 'slots', (input) => ({ ...input, slots: input.slots.slice(0, 8) })],
  [
    'nine codes',
    'SLOTS_INVALID',
    'slots',
    (input, userId) => ({
      ...input,
      slots: [...input.slots, slotInput({ userId, kind: 'RECOVERY_CODE', generation: 1 })],
    }),
  ],
  [
    'two passphrases',
    'SLOTS_INVALID',
    'slots',
    (input, userId) => ({
      ...input,
      slots: [...input.slots, slotInput({ userId, kind: 'PASSPHRASE', generation: 1 })],
    }),
  ],
  [
    'a passkey',
    'SLOTS_INVALID',
    'slots',
    (input, userId) => ({
      ...input,
      slots: [...input.slots, slotInput({ userId, kind: 'PASSKEY', generation: 1, passkeyId: `passkey_${uuidv7()}` })],
    }),
  ],
  [
    'security questions',
    'SLOTS_INVALID',
    'slots',
    (input, userId) => ({
      ...input,
      slots: [...input.slots, slotInput({ userId, kind: 'SECURITY_QUESTIONS', generation: 1 })],
    }),
  ],
  [
    'one id twice',
    'SLOTS_INVALID',
    'slots',
    (input) => ({ ...input, slots: second(input.slots, { id: rowId(input.slots[0]?.id ?? '') }) }),
  ],
  [
    'one verifier twice',
    'SLOTS_INVALID',
    'slots',
    (input) => ({ ...input, slots: second(input.slots, { verifier: input.slots[2]?.verifier ?? '' }) }),
  ],
  [
    'a code without a verifier',
    'SLOTS_INVALID',
    'slots',
    (input) => ({ ...input, slots: second(input.slots, { verifier: undefined }) }),
  ],
  [
    'a short verifier',
    'SLOTS_INVALID',
    'slots',
    (input) => ({ ...input, slots: second(input.slots, { verifier: random(31) }) }),
  ],
  [
    'a passphrase with a verifier',
    'SLOTS_INVALID',
    'slots',
    (input) => ({ ...input, slots: first(input.slots, { verifier: random(32) }) }),
  ],
  [
    'a passphrase with a passkey',
    'SLOTS_INVALID',
    'slots',
    (input) => ({ ...input, slots: first(input.slots, { passkeyId: `passkey_${uuidv7()}` }) }),
  ],
  [
    'an id that is no UUIDv7',
    'SLOTS_INVALID',
    'slots',
    (input) => ({ ...input, slots: first(input.slots, { id: '4f9f3c3e-21e2-4a77-8f3a-6cbb0e0b9b5e' }) }),
  ],
  [
    'an id of another thing',
    'SLOTS_INVALID',
    'slots',
    (input) => ({ ...input, slots: first(input.slots, { id: `record_${uuidv7()}` }) }),
  ],
  ['a short salt', 'BAD_INPUT', 'keySalt', (input) => ({ ...input, keySalt: random(31) })],
  ['a padded salt', 'BAD_INPUT', 'keySalt', (input) => ({ ...input, keySalt: `${random(32)}=` })],
  ['a private key', 'PUBLIC_KEY_INVALID', 'publicKey', withKey({ d: random(32) })],
  ['another curve', 'PUBLIC_KEY_INVALID', 'publicKey', withKey({ crv: 'P-384' })],
  ['another type', 'PUBLIC_KEY_INVALID', 'publicKey', withKey({ kty: 'OKP' })],
  ['a member more', 'PUBLIC_KEY_INVALID', 'publicKey', withKey({ kid: 'x' })],
  ['a short coordinate', 'PUBLIC_KEY_INVALID', 'publicKey', withKey({ x: random(31) })],
  [
    'a point off the curve',
    'PUBLIC_KEY_INVALID',
    'publicKey',
    (input) => ({ ...input, publicKey: { ...input.publicKey, ...offTheCurve(input.publicKey) } }),
  ],
  [
    'the point at zero',
    'PUBLIC_KEY_INVALID',
    'publicKey',
    withKey({ x: Buffer.alloc(32).toString('base64url'), y: Buffer.alloc(32).toString('base64url') }),
  ],
  [
    'a key as text',
    'PUBLIC_KEY_INVALID',
    'publicKey',
    (input) => ({ ...input, publicKey: JSON.stringify(input.publicKey) }),
  ],
  ['a list of keys', 'PUBLIC_KEY_INVALID', 'publicKey', (input) => ({ ...input, publicKey: [input.publicKey] })],
  [
    'a ring past 96 KiB',
    'TOO_LARGE',
    'encryptedPrivateKey',
    (input) => ({ ...input, encryptedPrivateKey: 'x'.repeat(96 * 1024 + 1) }),
  ],
]

describe('setupEncryption refuses, and then nothing is kept', () => {
  test.for(FAULTS)('%s', async ([, code, field, change], { app }) => {
    const { browser, userId } = await signIn(app)
    const id = rowId(userId)
    const before = await keptOf(app, id)
    const { errors } = await browser.graphql(SETUP, { input: change(firstSetup(id), id) })
    expect(errors.map(({ extensions }) => ({ code: extensions.code, field: extensions['field'] }))).toEqual([
      { code, field },
    ])
    expect(await keptOf(app, id)).toEqual(before)
  })

  test('D4: objects, arrays and null for its texts', async ({ app }) => {
    const { browser, userId } = await signIn(app)
    const id = rowId(userId)
    const input = firstSetup(id)
    const hostile = [{ not: '' }, ['x'], null, 1, true]
    for (const value of hostile) {
      for (const name of ['encryptedPrivateKey', 'keySalt'])
        expect((await browser.graphql(SETUP, { input: { ...input, [name]: value } })).errors).toHaveLength(1)
      for (const name of ['id', 'kind', 'envelope'] as const) {
        const slots = input.slots.map((slot, index) => (index === 0 ? { ...slot, [name]: value } : slot))
        const { data } = await browser.graphql(SETUP, { input: { ...input, slots } })
        expect(data?.['status'] ?? null).toBeNull()
      }
    }
    expect((await keptOf(app, id)).keys).toBeNull()
  })
})

describe('disableEncryption', () => {
  test('is refused while a record holds encryptedData, and closes every way in once none does', async ({ app }) => {
    const { browser, held } = await withEncryption(app)
    const [record] = await encryptedRecords(browser, held, 1)
    const before = await keptOf(app, held.userId)
    expect((await browser.graphql(DISABLE)).code).toBe('RECORDS_ENCRYPTED')
    expect(await keptOf(app, held.userId)).toEqual(before)

    await remove(browser, { id: record?.id })
    expect(await statusOf(browser.graphql(DISABLE))).toEqual({ ...OFF, generation: 1, ringRevision: 1 })
    const { keys, slots, usage } = await keptOf(app, held.userId)
    expect(slots).toEqual([])
    expect(keys).toMatchObject({ encryptionEnabled: false, encryptedPrivateKey: '' })
    expect(usage).toMatchObject({ keyId: null, publicKeyId: null })
    expect(await keysOf(browser)).toBeNull()
    expect((await browser.graphql(DISABLE)).code).toBe('ENCRYPTION_OFF')
  })

  test('the counts never go back: the envelopes of the first time do not fit the second', async ({ app }) => {
    const { browser, held, input } = await withEncryption(app)
    const later = await rotated(browser, held, { full: true })
    await statusOf(browser.graphql(DISABLE))
    const refused = await browser.graphql(SETUP, { input })
    expect(refused.errors[0]?.extensions).toMatchObject({
      code: 'ENVELOPE_INVALID',
      reason: 'ctx',
      field: 'encryptedPrivateKey',
    })
    const back = setupInput(held.userId, { generation: 3, ringRevision: 3, kid: held.kid })
    expect((await browser.graphql(SETUP, { input: back })).errors[0]?.extensions).toMatchObject({ reason: 'kid' })

    const again = setupInput(held.userId, { generation: 3, ringRevision: 3, kid: newKid() })
    const status = await statusOf(browser.graphql(SETUP, { input: again }))
    expect(status).toMatchObject({ enabled: true, generation: 3, ringRevision: 3 })
    expect(later.generation).toBe(2)
  })

  test('the keys that were in force when it was switched off do not come back, in any place', async ({ app }) => {
    const { browser, held } = await withEncryption(app)
    await statusOf(browser.graphql(DISABLE))
    const before = await keptOf(app, held.userId)
    const next = { generation: 2, ringRevision: 2 }
    for (const kid of [held.kid, thumbprint(held.publicKey)]) {
      const back = setupInput(held.userId, { ...next, kid })
      expect((await browser.graphql(SETUP, { input: back })).errors[0]?.extensions).toMatchObject({
        code: 'ENVELOPE_INVALID',
        field: 'encryptedPrivateKey',
        reason: 'kid',
      })
    }
    expect(await keptOf(app, held.userId)).toEqual(before)
    const fresh = setupInput(held.userId, { ...next, kid: newKid() })
    expect(await statusOf(browser.graphql(SETUP, { input: fresh }))).toMatchObject({ enabled: true })
  })

  test("afterwards an app's own compact JWE is kept, as before, and nothing under keys that were given up", async ({
    app,
  }) => {
    const { browser, held } = await withEncryption(app)
    await statusOf(browser.graphql(DISABLE))
    const header = Buffer.from('{"alg":"dir","enc":"A256GCM","kid":"an-app-s-own"}').toString('base64url')
    const kept = await made(browser, { encryptedData: `${header}..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA` })
    expect(kept.keyId).toBe('an-app-s-own')
    // As a device sends it that was unlocked before another one switched encryption off.
    const encryptedData = envelopeFor(held, kept.id, 2)
    const late = await update(browser, { id: kept.id, revision: 1, encryptedData })
    expect(late.code).toBe('ENCRYPTION_OFF')
    await expect(encryptedRecords(browser, held, 1)).rejects.toThrow('ENCRYPTION_OFF')
  })
})

describe('an envelope that was made for another place', () => {
  test('is refused while encryption is off: what another account in the same browser made is never kept', async ({
    app,
  }) => {
    const [ada, bob] = [await withEncryption(app), await signIn(app)]
    const record = await made(bob.browser, { data: 1 })
    const [id, userId] = [newId(), rowId(bob.userId)]
    const of = { userId: ada.held.userId, kid: ada.held.kid, revision: 1 }
    const toPublicKey = { ...of, kid: thumbprint(ada.held.publicKey) }
    // From Ada's tab, which is still unlocked, by the cookie that is Bob's now.
    const creations = [
      recordEnvelope({ ...of, id: rowId(id) }),
      publicRecordEnvelope({ ...toPublicKey, id: rowId(id) }),
      recordEnvelope({ ...of, userId, id: rowId(newId()) }),
      recordEnvelope({ ...of, userId, id: rowId(id), revision: 2 }),
      recordEnvelope({ ...of, userId, id: rowId(id) }, { header: { ctx: 1 } }),
    ]
    const updates = [
      recordEnvelope({ ...of, id: rowId(record.id), revision: 2 }),
      publicRecordEnvelope({ ...toPublicKey, id: rowId(record.id), revision: 2 }),
      recordEnvelope({ ...of, userId, id: rowId(record.id), revision: 1 }),
      recordEnvelope({ ...of, userId, id: rowId(id), revision: 2 }),
    ]
    const misplaced = { code: 'ENVELOPE_INVALID', field: 'encryptedData', reason: 'ctx' }
    for (const encryptedData of creations)
      expect((await create(bob.browser, { id, encryptedData })).errors[0]?.extensions).toEqual(misplaced)
    for (const encryptedData of updates) {
      const refused = await update(bob.browser, { id: record.id, revision: 1, encryptedData })
      expect(refused.errors[0]?.extensions).toEqual(misplaced)
    }
    const { systemDb } = app.services.database
    const kept = await systemDb.record.findMany({ where: { userId } })
    expect(kept.map(({ encryptedData, revision }) => ({ encryptedData, revision }))).toEqual([
      { encryptedData: null, revision: 1 },
    ])
    expect(await systemDb.recordUsage.findUnique({ where: { userId } })).toMatchObject({ count: 1 })
    await made(bob.browser, { id, encryptedData: jwe() })
  })
})

describe('Session.encryptionEnabled', () => {
  const SESSION = '{ session { encryptionEnabled } }'
  const shown = async (browser: { graphql: (query: string) => Promise<{ data?: unknown }> }) =>
    (await browser.graphql(SESSION)).data

  test('tells the truth: before, after, and in the request that changes it', async ({ app }) => {
    const { browser, userId, email } = await signIn(app)
    expect(await shown(browser)).toEqual({ session: { encryptionEnabled: false } })
    const other = () => signIn(app, email)
    const inOne = (change: string) => `${change} revokeOtherSessions { encryptionEnabled }`

    await other()
    const setup = `mutation ($input: SetupEncryptionInput!) { ${inOne('setupEncryption(input: $input) { enabled }')} }`
    const input = firstSetup(rowId(userId))
    expect((await browser.graphql(setup, { input })).data).toEqual({
      setupEncryption: { enabled: true },
      revokeOtherSessions: [{ encryptionEnabled: true }],
    })
    expect(await shown(browser)).toEqual({ session: { encryptionEnabled: true } })

    await other()
    expect((await browser.graphql(`mutation { ${inOne('disableEncryption { enabled }')} }`)).data).toEqual({
      disableEncryption: { enabled: false },
      revokeOtherSessions: [{ encryptionEnabled: false }],
    })
    expect(await shown(browser)).toEqual({ session: { encryptionEnabled: false } })
  })

  test('also in the answer of a sign-in, for one who had it on and one who had not', async ({ app }) => {
    const { email } = await withEncryption(app)
    const shownAtSignIn = async (address: string) => {
      const browser = app.browser()
      const { token } = await askForLink(app, browser, address)
      const { data } = await browser.graphql(
        'mutation ($token: String!) { verifyMagicLink(input: { token: $token }) { ... on SignedIn { session { encryptionEnabled } } } }',
        { token },
      )
      return data
    }
    expect(await shownAtSignIn(email)).toEqual({ verifyMagicLink: { session: { encryptionEnabled: true } } })
    expect(await shownAtSignIn(`new-${email}`)).toEqual({ verifyMagicLink: { session: { encryptionEnabled: false } } })
  })
})

test('a record that held any JWE before the setup stays as it is, and is written anew under the key alone', async ({
  app,
}) => {
  const person = await signIn(app)
  const { browser } = person
  const record = await made(browser, { data: { plain: true }, encryptedData: jwe() })
  const { held } = await switchOn(person)
  const { id, encryptedData, revision } = record
  const READ_IT = 'query ($id: ID!) { record(id: $id) { data encryptedData revision } }'
  expect((await browser.graphql(READ_IT, { id })).data).toEqual({
    record: { data: { plain: true }, encryptedData, revision },
  })

  expect((await update(browser, { id, revision, encryptedData: jwe() })).code).toBe('ENVELOPE_INVALID')
  expect((await update(browser, { id, revision, encryptedData: envelopeFor(held, id, 2) })).code).toBeNull()
})

test('Passkey.credentialId is the one that the authenticator made', async ({ app }) => {
  const { browser, passkey } = await withPasskey(app)
  const { data } = await browser.graphql<{ devices: { id: string; credentialId: string }[] }>(
    '{ devices { id credentialId } }',
  )
  const row = await app.services.database.systemDb.passkey.findFirstOrThrow({ where: { id: rowId(passkey.id) } })
  expect(data?.devices).toEqual([{ id: passkey.id, credentialId: row.credentialId }])
})

test('the kid of the public key is its RFC 7638 thumbprint', async ({ app }) => {
  const { held } = await withEncryption(app)
  const { keys, usage } = await keptOf(app, held.userId)
  expect(keys?.publicKeyId).toBe(thumbprint(held.publicKey))
  expect(usage).toMatchObject({ keyId: held.kid, publicKeyId: thumbprint(held.publicKey) })
})
