import { describe, expect, onTestFinished } from 'vitest'
import { removeFormerKeys } from '../../../src/features/recovery/remove-former-keys.ts'
import { startTestApp, test } from '../../support/app.ts'
import type { Answer } from '../../support/browser-like.ts'
import { thumbprint } from '../../support/envelopes.ts'
import { newAddress, signIn } from '../../support/people.ts'
import {
  answered,
  cancelBy,
  CANCEL_OPEN,
  cancelTokenOf,
  codesOwner,
  DAY,
  HOUR,
  initiate,
  logged,
  passTime,
  questionsOwner,
  recoveryStatus,
  showCode,
  standing,
} from '../../attacks/recovery-support.ts'
import { DISOWN, notMeTokenIn } from '../alerts/support.ts'
import {
  DISABLE,
  encryptedRecords,
  ENABLE,
  envelopeFor,
  keysOf,
  nextKeys,
  passkeySlot,
  ROTATE,
  rotated,
  setupInput,
  statusOf,
  TO_REENCRYPT,
} from '../encryption/support.ts'
import type { Keys } from '../encryption/support.ts'
import { withPasskey } from '../../support/passkeys.ts'
import { rowId } from '../records/support.ts'
import {
  begunAnew,
  COMPLETE_FRESH_START,
  FORMER_KEYS,
  freshKeys,
  freshStatus,
  letFreshStartPass,
  REQUEST_FRESH_START,
  requested,
} from './support.ts'

const READ = 'query ($id: ID!) { record(id: $id) { title encryptedData keyId revision } }'
const UPDATE = 'mutation ($input: UpdateRecordInput!) { updateRecord(input: $input) { revision keyId encryptedData } }'

const extensionsOf = ({ errors }: Answer) => errors.map(({ extensions }) => extensions)
const formerKeysOf = async ({ browser }: { browser: Awaited<ReturnType<typeof codesOwner>>['browser'] }) =>
  answered(await browser.graphql<{ formerKeys: Keys[] }>(FORMER_KEYS)).formerKeys
const kindsIn = (keys?: Keys) => keys?.slots.map(({ kind }) => kind).sort()
const CODES = Array<string>(8).fill('RECOVERY_CODE')

describe('requestFreshStart', () => {
  test('waits seven days, warns with a link, and a second one changes nothing', async ({ app }) => {
    const owner = await requested(app)
    const { freshStart } = await freshStatus(owner)
    const at = (text?: string) => Date.parse(text ?? '')
    expect(at(freshStart?.availableAt) - at(freshStart?.createdAt)).toBe(7 * DAY)
    expect(at(freshStart?.expiresAt) - at(freshStart?.availableAt)).toBe(7 * DAY)
    expect(freshStart?.deviceName).toBe('Chrome on macOS')

    const before = await standing(app, owner.held.userId)
    answered(await owner.browser.graphql(REQUEST_FRESH_START, { confirmation: owner.email }))
    expect(await standing(app, owner.held.userId)).toEqual(before)
    expect(await logged(app, owner.held.userId, 'recovery.fresh-start-requested')).toBe(1)
    await app.services.outbox.sendDue()
    const mails = app.mailbox.mails.filter(({ subject }) => subject.startsWith('A new start without your old keys'))
    expect(mails).toHaveLength(1)
    expect(mails[0]?.text).toMatch(/\/auth\/cancel-recovery#[\w-]{43}\b/)
  })

  test('wants the address typed, in any spelling of it', async ({ app }) => {
    const owner = await codesOwner(app)
    for (const confirmation of ['', 'yes', `x${owner.email}`, newAddress()]) {
      const refused = await owner.browser.graphql(REQUEST_FRESH_START, { confirmation })
      expect(extensionsOf(refused)).toEqual([{ code: 'BAD_INPUT', field: 'confirmation' }])
    }
    expect((await freshStatus(owner)).freshStart).toBeNull()
    answered(await owner.browser.graphql(REQUEST_FRESH_START, { confirmation: ` ${owner.email.toUpperCase()} ` }))
  })

  test('is refused while encryption is off', async ({ app }) => {
    const { browser, email } = await signIn(app)
    expect((await browser.graphql(REQUEST_FRESH_START, { confirmation: email })).code).toBe('ENCRYPTION_OFF')
  })

  test('can be asked for anew once it has run out', async ({ app }) => {
    const owner = await requested(app)
    await letFreshStartPass(app, owner.held.userId, 14 * DAY)
    expect((await freshStatus(owner)).freshStart).toBeNull()
    const { input } = freshKeys(owner.held)
    expect((await owner.browser.graphql(COMPLETE_FRESH_START, { input })).code).toBe('RECOVERY_NOT_OPEN')
    await requested(app, owner)
    const late = await owner.browser.graphql(COMPLETE_FRESH_START, { input })
    expect(late.errors[0]?.extensions).toMatchObject({ code: 'RECOVERY_UNAVAILABLE', reason: 'waiting' })
  })
})

describe('what stops a fresh start', () => {
  test('its link, once, signed in or not; then none can be asked for in seven days', async ({ app }) => {
    const owner = await requested(app)
    const token = await cancelTokenOf(app, owner.email)
    answered(await cancelBy(app.browser(), token))
    expect((await cancelBy(app.browser(), token)).code).toBe('LINK_INVALID')
    expect((await freshStatus(owner)).freshStart).toBeNull()
    const again = () => owner.browser.graphql(REQUEST_FRESH_START, { confirmation: owner.email })
    const refused = await again()
    expect(refused.errors[0]?.extensions).toMatchObject({ code: 'RECOVERY_UNAVAILABLE', reason: 'locked' })
    const availableAt = String(refused.errors[0]?.extensions['availableAt'])
    expect(Date.parse(availableAt)).toBeGreaterThan(app.clock.now().getTime() + 6 * DAY)

    await app.services.database.systemDb.auditEntry.updateMany({
      where: { tableName: 'fresh_starts', action: 'recovery.cancelled' },
      data: { timestamp: new Date(Date.parse(availableAt) - 14 * DAY) },
    })
    answered(await again())
  })

  test('any session of its owner, and "this was not me"', async ({ app }) => {
    const [ada, grace] = [await requested(app), await requested(app)]
    const other = await signIn(app, ada.email)
    expect(answered(await other.browser.graphql(CANCEL_OPEN))).toEqual({ cancelOpenRecovery: true })
    expect((await freshStatus(ada)).freshStart).toBeNull()

    const mail = await app.mailbox.latest(grace.email, 1, ({ subject }) => subject.startsWith('A new start'))
    answered(await app.browser().graphql(DISOWN, { token: notMeTokenIn(mail) }))
    expect((await standing(app, grace.held.userId)).freshStarts).toEqual([])
  })

  test('whoever has the keys after all: a full rotation, or switching encryption off', async ({ app }) => {
    const [ada, grace] = [await requested(app), await requested(app)]
    await rotated(ada.browser, ada.held, { full: true })
    await statusOf(grace.browser.graphql(DISABLE))
    for (const { held } of [ada, grace]) expect((await standing(app, held.userId)).freshStarts).toEqual([])
  })
})

describe('completeFreshStart', () => {
  test('not a moment early by the database, whatever the clock of the server says', async ({ app }) => {
    const owner = await requested(app)
    const { input } = freshKeys(owner.held)
    const before = await standing(app, owner.held.userId)
    const { freshStart } = await freshStatus(owner)
    app.clock.advance(10 * 60_000)
    const refused = await owner.browser.graphql(COMPLETE_FRESH_START, { input })
    const waits = { code: 'RECOVERY_UNAVAILABLE', reason: 'waiting', availableAt: freshStart?.availableAt }
    expect(extensionsOf(refused)).toEqual([waits])
    await letFreshStartPass(app, owner.held.userId, 7 * DAY - HOUR)
    expect((await owner.browser.graphql(COMPLETE_FRESH_START, { input })).code).toBe('RECOVERY_UNAVAILABLE')
    const { freshStarts, ...after } = await standing(app, owner.held.userId)
    expect({ ...after, freshStarts: freshStarts.map(({ userId }) => userId) }).toEqual({
      ...before,
      freshStarts: [owner.held.userId],
    })

    await letFreshStartPass(app, owner.held.userId, HOUR)
    answered(await owner.browser.graphql(COMPLETE_FRESH_START, { input }))
    expect((await owner.browser.graphql(COMPLETE_FRESH_START, { input })).code).toBe('RECOVERY_NOT_OPEN')
  })

  test('puts new keys in force; the old codes and questions open nothing; no record can be written with an old key', async ({
    app,
  }) => {
    const owner = await questionsOwner(app)
    const [record] = await encryptedRecords(owner.browser, owner.held, 1)
    const held = { ...(await rotated(owner.browser, owner.held)) }
    await initiate(owner.browser, 'RECOVERY_CODE')
    await requested(app, owner)
    await letFreshStartPass(app, held.userId, 7 * DAY)
    const next = freshKeys(held)
    const { status } = answered(
      await owner.browser.graphql<{ status: object }>(COMPLETE_FRESH_START, { input: next.input }),
    )
    expect(status).toEqual({
      enabled: true,
      biometricAvailable: false,
      recoveryCodesLeft: 8,
      securityQuestionsSet: false,
      generation: held.generation + 1,
      ringRevision: held.ringRevision + 1,
      rotation: null,
    })
    expect((await keysOf(owner.browser))?.keyId).toBe(next.held.kid)
    const kept = await standing(app, held.userId)
    expect(kept).toMatchObject({ questions: [], rotations: [], freshStarts: [], formerKeys: [{ keyId: held.kid }] })
    expect(kept.slots.map(({ generation }) => generation)).toEqual(Array<number>(9).fill(held.generation + 1))
    expect(kept.requests.map(({ closeReason }) => closeReason)).toEqual(['superseded'])
    expect((await showCode(owner.browser, owner.codes[0] ?? '')).code).toBe('RECOVERY_NOT_OPEN')

    // What the old keys encrypted is there still, waits for nothing, and takes the new key.
    const id = record?.id ?? ''
    const shown = answered(await owner.browser.graphql<{ record: { encryptedData: string } }>(READ, { id }))
    expect(shown.record.encryptedData).toBe(record?.encryptedData)
    expect(answered(await owner.browser.graphql(TO_REENCRYPT))).toEqual({ recordsToReencrypt: [] })
    for (const old of [held, owner.held]) {
      const input = { id, revision: 1, encryptedData: envelopeFor(old, id, 2) }
      expect((await owner.browser.graphql(UPDATE, { input })).code).toBe('KEY_ROTATED')
    }
    const input = { id, revision: 1, encryptedData: envelopeFor(next.held, id, 2) }
    answered(await owner.browser.graphql(UPDATE, { input }))
    await app.mailbox.latest(owner.email, 1, ({ subject }) => subject.startsWith('Your encrypted data begins again'))
    expect(await logged(app, held.userId, 'recovery.fresh-start-done')).toBe(1)
  })

  test('no key that was given up comes back: not with it, nor by a rotation, nor by a setup after that', async ({
    app,
  }) => {
    const owner = await requested(app)
    await letFreshStartPass(app, owner.held.userId, 7 * DAY)
    const { userId, kid, publicKey } = owner.held
    const counts = { generation: 2, ringRevision: 2 }
    const withOldKey = setupInput(userId, { ...counts, kid })
    const withOldPublicKey = { ...freshKeys(owner.held).input, publicKey }
    const complete = (input: object) => owner.browser.graphql(COMPLETE_FRESH_START, { input })
    expect((await complete(withOldKey)).errors[0]?.extensions).toMatchObject({
      code: 'ENVELOPE_INVALID',
      reason: 'kid',
    })
    expect((await complete(withOldPublicKey)).code).toBe('PUBLIC_KEY_INVALID')
    expect((await standing(app, userId)).formerKeys).toEqual([])

    const { input, held } = freshKeys(owner.held)
    answered(await complete(input))
    const next = nextKeys({ ...held, kid })
    const rotate = (input: object) => owner.browser.graphql(ROTATE, { input })
    const again = { ...next.input, ...setupInput(userId, { generation: 2, ringRevision: 3, kid }) }
    const { encryptedPrivateKey } = again
    expect((await rotate({ ...next.input, encryptedPrivateKey })).errors[0]?.extensions).toMatchObject({
      reason: 'kid',
    })
    expect((await rotate({ ...next.input, publicKey })).code).toBe('PUBLIC_KEY_INVALID')
    await statusOf(owner.browser.graphql(DISABLE))
    const setup = setupInput(userId, { generation: 3, ringRevision: 3, kid })
    const SETUP = 'mutation ($input: SetupEncryptionInput!) { setupEncryption(input: $input) { enabled } }'
    expect((await owner.browser.graphql(SETUP, { input: setup })).errors[0]?.extensions).toMatchObject({
      reason: 'kid',
    })
  })

  test('two at once: one begins anew', async ({ app }) => {
    const owner = await requested(app)
    await letFreshStartPass(app, owner.held.userId, 7 * DAY)
    const inputs = Array.from({ length: 8 }, () => freshKeys(owner.held))
    const answers = await Promise.all(inputs.map(({ input }) => owner.browser.graphql(COMPLETE_FRESH_START, { input })))
    expect(answers.filter(({ errors }) => errors.length === 0)).toHaveLength(1)
    const { keys, formerKeys } = await standing(app, owner.held.userId)
    const winner = inputs[answers.findIndex(({ errors }) => errors.length === 0)]
    expect(keys).toMatchObject([{ keyId: winner?.held.kid, publicKeyId: thumbprint(winner?.held.publicKey ?? owner.held.publicKey) }]) // prettier-ignore
    expect(formerKeys).toHaveLength(1)
  })
})

describe('formerKeys', () => {
  test('gives the old ring with its passphrase, its codes, and the passkeys that are there still; never answers', async ({
    app,
  }) => {
    const { passkey, ...person } = await withPasskey(app)
    const owner = await questionsOwner(app, person)
    const slot = passkeySlot(owner.held, passkey.id)
    await statusOf(owner.browser.graphql(ENABLE, { input: { slot } }))
    expect(await formerKeysOf(owner)).toEqual([])
    const before = await keysOf(owner.browser)
    await requested(app, owner)
    await begunAnew(app, owner)

    const [former, ...others] = await formerKeysOf(owner)
    expect(others).toEqual([])
    const opened = (kind: string) => kind !== 'RECOVERY_CODE'
    expect({ ...former, slots: former?.slots.filter(({ kind }) => opened(kind)) }).toEqual(before)
    expect(kindsIn(former)).toEqual(['PASSKEY', 'PASSPHRASE', ...CODES])
    const text = JSON.stringify((await standing(app, owner.held.userId)).formerKeys)
    for (const { envelope } of former?.slots ?? []) expect(text).not.toContain(envelope)
    expect(text).not.toContain('SECURITY_QUESTIONS')

    await app.services.database.systemDb.passkey.deleteMany({ where: { id: rowId(passkey.id) } })
    expect(kindsIn((await formerKeysOf(owner))[0])).toEqual(['PASSPHRASE', ...CODES])
  })

  test('gives each ring that is still kept, the newest first, and each for its own 30 days', async ({ app }) => {
    const owner = await requested(app)
    const second = await begunAnew(app, owner)
    await passTime(app, owner.held.userId, 10 * DAY)
    await requested(app, owner)
    await begunAnew(app, { ...owner, held: second })
    const kept = await formerKeysOf(owner)
    expect(kept.map(({ keyId, generation }) => [keyId, generation])).toEqual([
      [second.kid, 2],
      [owner.held.kid, 1],
    ])
    expect(kept.map(kindsIn)).toEqual([
      ['PASSPHRASE', ...CODES],
      ['PASSPHRASE', ...CODES],
    ])
    await passTime(app, owner.held.userId, 20 * DAY)
    expect((await formerKeysOf(owner)).map(({ keyId }) => keyId)).toEqual([second.kid])
  })

  test("for 30 days, and nobody else's", async ({ app }) => {
    const owner = await requested(app)
    await begunAnew(app, owner)
    const until = Date.parse((await freshStatus(owner)).formerKeysUntil ?? '')
    expect(until).toBeGreaterThan(Date.now() + 29 * DAY)
    const stranger = await codesOwner(app)
    expect(await formerKeysOf(stranger)).toEqual([])
    await passTime(app, owner.held.userId, 30 * DAY)
    expect(await formerKeysOf(owner)).toEqual([])
    expect((await freshStatus(owner)).formerKeysUntil).toBeNull()
  })
})

describe('what was given up', () => {
  test('goes after 30 days with what it encrypted; the rest of a record stays, and so does what was written anew', async ({
    app,
  }) => {
    const owner = await codesOwner(app)
    const { browser } = owner
    const [first, second] = await encryptedRecords(browser, owner.held, 2)
    const [old, anew] = [first?.id ?? '', second?.id ?? '']
    answered(await browser.graphql(UPDATE, { input: { id: old, revision: 1, title: 'stays' } }))
    // Under a key that a rotation had retired before.
    const held = await rotated(browser, owner.held)
    const [third] = await encryptedRecords(browser, held, 1)
    const stranger = await codesOwner(app)
    const [others] = await encryptedRecords(stranger.browser, stranger.held, 1)
    await requested(app, owner)
    const next = await begunAnew(app, { ...owner, held })
    answered(await browser.graphql(UPDATE, { input: { id: anew, revision: 1, encryptedData: envelopeFor(next, anew, 2) } })) // prettier-ignore

    const read = async (id = '') =>
      answered(await browser.graphql<{ record: Record<string, unknown> }>(READ, { id })).record
    await passTime(app, held.userId, 30 * DAY - HOUR)
    await removeFormerKeys.run(app.services)
    expect((await read(old)).encryptedData).not.toBeNull()
    expect((await standing(app, held.userId)).formerKeys).toHaveLength(1)

    await passTime(app, held.userId, HOUR)
    for (let times = 0; times < 2; times++) await removeFormerKeys.run(app.services)
    expect(await read(old)).toEqual({ title: 'stays', encryptedData: null, keyId: null, revision: 3 })
    expect(await read(third?.id)).toEqual({ title: null, encryptedData: null, keyId: null, revision: 2 })
    expect(await read(anew)).toMatchObject({ keyId: next.kid, revision: 2 })
    expect((await standing(app, held.userId)).formerKeys).toEqual([])
    const { systemDb } = app.services.database
    expect(await systemDb.record.findFirst({ where: { id: rowId(others?.id ?? '') } })).toMatchObject({ revision: 1 })
    const log = await systemDb.auditEntry.findMany({ where: { action: 'recovery.former-keys-removed' } })
    expect(log.map(({ userId, details }) => [userId, details])).toEqual([[held.userId, '{"recordsCleared":2}']])
  })

  test('goes in batches, by two processes at once', async () => {
    const app = await startTestApp()
    onTestFinished(() => app.close())
    const owner = await requested(app)
    const { userId, kid } = owner.held
    const createdAt = new Date()
    const many = Array.from({ length: 1_203 }, (_, number) => ({
      ...{ userId, id: `01900000-0000-7000-8000-${String(number).padStart(12, '0')}`, collection: 'notes' },
      ...{ encryptedData: 'x', keyId: kid, createdAt, updatedAt: createdAt },
    }))
    const { systemDb } = app.services.database
    await systemDb.record.createMany({ data: many })
    await begunAnew(app, owner)
    await passTime(app, userId, 30 * DAY)
    const other = app.services.database.provider === 'postgresql' ? await app.second() : app
    await Promise.all([removeFormerKeys.run(app.services), removeFormerKeys.run(other.services)])
    expect(await systemDb.record.count({ where: { userId, encryptedData: null, keyId: null } })).toBe(1_203)
    expect(await systemDb.record.count({ where: { userId, revision: { not: 2 } } })).toBe(0)
    expect(await systemDb.formerKeys.count()).toBe(0)
    expect(await logged(app, userId, 'recovery.former-keys-removed')).toBe(1)
  })

  test('fresh starts that have run out go as well', async ({ app }) => {
    const [over, waits] = [await requested(app), await requested(app)]
    await letFreshStartPass(app, over.held.userId, 14 * DAY)
    await removeFormerKeys.run(app.services)
    expect((await standing(app, over.held.userId)).freshStarts).toEqual([])
    expect((await standing(app, waits.held.userId)).freshStarts).toHaveLength(1)
    expect((await recoveryStatus(waits.browser)).methods).toEqual(['RECOVERY_CODE'])
  })
})
