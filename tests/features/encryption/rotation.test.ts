import { v7 as uuidv7 } from 'uuid'
import { describe, expect } from 'vitest'
import { test } from '../../support/app.ts'
import type { TestApp } from '../../support/app.ts'
import {
  allSlots,
  newKid,
  newPublicKey,
  publicRecordEnvelope,
  random,
  ringEnvelope,
  thumbprint,
} from '../../support/envelopes.ts'
import { signIn } from '../../support/people.ts'
import { withPasskey } from '../../support/passkeys.ts'
import { create, made, newId, remove, rowId, update } from '../records/support.ts'
import {
  anew,
  encryptedRecords,
  envelopeFor,
  keysOf,
  nextKeys,
  passkeySlot,
  REENCRYPT,
  rotated,
  ROTATE,
  STATUS,
  statusOf,
  switchOn,
  TO_REENCRYPT,
  withEncryption,
} from './support.ts'
import type { Held, Reencrypted, ToReencrypt } from './support.ts'
import type { Visitor } from '../../support/browser-like.ts'

const kept = async ({ services }: TestApp, userId: string) => {
  const { systemDb } = services.database
  const where = { userId }
  return {
    keys: await systemDb.encryptionKeys.findMany({ where }),
    slots: await systemDb.keySlot.findMany({ where, orderBy: { id: 'asc' } }),
    usage: await systemDb.recordUsage.findMany({ where }),
    rotations: await systemDb.keyRotation.findMany({ where }),
    records: await systemDb.record.findMany({ where, orderBy: { id: 'asc' } }),
  }
}

const rotate = (browser: Visitor, input: object) => browser.graphql(ROTATE, { input })

async function reencrypted(browser: Visitor, input: object[]) {
  const { data, errors } = await browser.graphql<Reencrypted>(REENCRYPT, { input })
  if (!data) throw new Error(`reencryptRecords was refused: ${JSON.stringify(errors)}`)
  return data.reencryptRecords
}

async function waiting(browser: Visitor, args: object = {}) {
  const { data, errors } = await browser.graphql<ToReencrypt>(TO_REENCRYPT, { ...args })
  if (!data) throw new Error(`recordsToReencrypt was refused: ${JSON.stringify(errors)}`)
  return data.recordsToReencrypt
}

describe('rotateKeys', () => {
  test('puts the new key in force, keeps the slots, and counts what is left', async ({ app }) => {
    const { browser, held, input } = await withEncryption(app)
    await encryptedRecords(browser, held, 2)
    const next = nextKeys(held)
    const status = await statusOf(rotate(browser, next.input))
    expect(status).toMatchObject({ generation: 1, ringRevision: 2, recoveryCodesLeft: 8 })
    expect(status.rotation).toMatchObject({
      fromKeyId: held.kid,
      toKeyId: next.held.kid,
      recordsLeft: 2,
      finishedAt: null,
    })
    expect(await keysOf(browser)).toMatchObject({
      keyId: next.held.kid,
      ringRevision: 2,
      encryptedPrivateKey: next.input.encryptedPrivateKey,
      slots: [{ envelope: input.slots[0]?.envelope }],
    })
  })

  test('is finished at once when no record holds a retired key', async ({ app }) => {
    const { browser, held } = await withEncryption(app)
    await made(browser, { data: 1 })
    const { rotation } = await statusOf(rotate(browser, nextKeys(held).input))
    expect(rotation).toMatchObject({ recordsLeft: 0, finishedAt: expect.any(String) as string })
  })

  test('with slots replaces the master key: every old slot is gone, passkeys left out too', async ({ app }) => {
    const owner = await withPasskey(app)
    const { browser, held } = await switchOn(owner)
    await statusOf(
      browser.graphql(
        'mutation ($input: EnableBiometricUnlockInput!) { status: enableBiometricUnlock(input: $input) { enabled } }',
        {
          input: { slot: passkeySlot(held, owner.passkey.id) },
        },
      ),
    )
    const without = nextKeys(held, { full: true })
    expect(await statusOf(rotate(browser, without.input))).toMatchObject({
      generation: 2,
      ringRevision: 2,
      biometricAvailable: false,
      recoveryCodesLeft: 8,
    })
    const withIt = nextKeys(without.held, { full: true })
    const slots = [...(withIt.input.slots ?? []), passkeySlot(withIt.held, owner.passkey.id)]
    expect(await statusOf(rotate(browser, { ...withIt.input, slots }))).toMatchObject({
      generation: 3,
      biometricAvailable: true,
    })
    const ids = (await kept(app, held.userId)).slots.map(({ id }) => id)
    expect(ids.sort()).toEqual(slots.map(({ id }) => rowId(id)).sort())
  })

  test('with another public key retires the old one too', async ({ app }) => {
    const { browser, held } = await withEncryption(app)
    const id = newId()
    const place = { userId: held.userId, id: rowId(id), revision: 1, kid: thumbprint(held.publicKey) }
    await made(browser, { id, encryptedData: publicRecordEnvelope(place) })
    const next = await rotated(browser, held, { publicKey: newPublicKey() })
    expect((await statusOf(browser.graphql(STATUS))).rotation).toMatchObject({ recordsLeft: 1 })
    const { code, errors } = await create(browser, { id: newId(), encryptedData: envelopeFor(held, id, 1) })
    expect({ code, reason: errors[0]?.extensions['reason'] }).toEqual({ code: 'ENVELOPE_INVALID', reason: 'ctx' })
    const other = newId()
    const late = publicRecordEnvelope({ ...place, id: rowId(other) })
    expect((await create(browser, { id: other, encryptedData: late })).errors[0]?.extensions).toMatchObject({
      code: 'KEY_ROTATED',
      keyId: thumbprint(next.publicKey),
    })
    const back = nextKeys(next, { publicKey: held.publicKey })
    expect((await rotate(browser, back.input)).code).toBe('PUBLIC_KEY_INVALID')
  })

  test('refuses what is not for the next revision and generation, and changes nothing', async ({ app }) => {
    const { browser, held } = await withEncryption(app)
    await encryptedRecords(browser, held, 1)
    const first = await rotated(browser, held)
    const before = await kept(app, held.userId)
    const { held: next, input } = nextKeys(first)
    const slots = allSlots(held.userId, 2)
    const ring = (place: Partial<Held>) => ringEnvelope({ ...next, ...place })
    const faults: [string, object, object][] = [
      ['a stale revision', { ringRevision: 1 }, { code: 'CONFLICT', currentRevision: 2 }],
      ['a revision to come', { ringRevision: 3 }, { code: 'CONFLICT', currentRevision: 2 }],
      ['a ring of the revision in force', { encryptedPrivateKey: ring({ ringRevision: 2 }) }, { reason: 'ctx' }],
      ['a ring of another generation', { encryptedPrivateKey: ring({ generation: 2 }) }, { reason: 'ctx' }],
      ["another user's ring", { encryptedPrivateKey: ring({ userId: uuidv7() }) }, { reason: 'ctx' }],
      ['the key in force', { encryptedPrivateKey: ring({ kid: first.kid }) }, { reason: 'kid' }],
      ['a retired key', { encryptedPrivateKey: ring({ kid: held.kid }) }, { reason: 'kid' }],
      [
        'the public key as record key',
        { encryptedPrivateKey: ring({ kid: thumbprint(held.publicKey) }) },
        { reason: 'kid' },
      ],
      ['a ring of 97 KiB', { encryptedPrivateKey: random(97 * 768) }, { code: 'TOO_LARGE', limit: 98_304 }],
      ['slots with a ring of the old generation', { slots }, { reason: 'ctx' }],
      ['no codes', { slots: slots.slice(0, 1) }, { code: 'SLOTS_INVALID' }],
      ['no slots', { slots: [] }, { code: 'SLOTS_INVALID' }],
      [
        'slots of the old generation',
        { encryptedPrivateKey: ring({ generation: 2 }), slots: allSlots(held.userId, 1) },
        { reason: 'ctx', field: 'slots[0].envelope' },
      ],
      [
        'a passkey that is not there',
        {
          encryptedPrivateKey: ring({ generation: 2 }),
          slots: [...slots, passkeySlot({ ...held, generation: 2 }, `passkey_${uuidv7()}`)],
        },
        { code: 'SLOTS_INVALID' },
      ],
    ]
    for (const [name, change, refusal] of faults) {
      const { errors } = await rotate(browser, { ...input, ...change })
      expect(errors[0]?.extensions, name).toMatchObject(refusal)
    }
    expect(await kept(app, held.userId)).toEqual(before)
    await statusOf(rotate(browser, input))
  })

  test('ENCRYPTION_OFF before the setup', async ({ app }) => {
    const { browser, userId } = await signIn(app)
    const held = { userId: rowId(userId), kid: newKid(), publicKey: newPublicKey(), generation: 0, ringRevision: 0 }
    expect((await rotate(browser, nextKeys(held).input)).code).toBe('ENCRYPTION_OFF')
    expect((await browser.graphql(REENCRYPT, { input: [] })).code).toBe('ENCRYPTION_OFF')
    expect(await waiting(browser)).toEqual([])
  })

  test('R6: a second device that rotates from what it read before is told, and nothing is lost', async ({ app }) => {
    const { browser, held, email } = await withEncryption(app)
    const other = await signIn(app, email)
    const mine = nextKeys(held)
    const theirs = nextKeys(held, { full: true })
    await statusOf(rotate(browser, mine.input))
    const { errors } = await rotate(other.browser, theirs.input)
    expect(errors[0]?.extensions).toMatchObject({ code: 'CONFLICT', currentRevision: 2 })
    expect(await keysOf(other.browser)).toMatchObject({ keyId: mine.held.kid, generation: 1 })
  })
})

describe('records under a retired key', () => {
  test('are refused with KEY_ROTATED, which names the key in force, and are read as before', async ({ app }) => {
    const { browser, held } = await withEncryption(app)
    const [record] = await encryptedRecords(browser, held, 1)
    const next = await rotated(browser, held)
    const id = newId()
    const refused = await create(browser, { id, encryptedData: envelopeFor(held, id, 1) })
    expect(refused.errors[0]?.extensions).toEqual({ code: 'KEY_ROTATED', field: 'encryptedData', keyId: next.kid })
    const late = { id: record?.id, revision: 1, encryptedData: envelopeFor(held, record?.id ?? '', 2) }
    expect((await update(browser, late)).errors[0]?.extensions).toMatchObject({ code: 'KEY_ROTATED', keyId: next.kid })
    expect(await waiting(browser)).toEqual([{ id: record?.id, revision: 1, encryptedData: record?.encryptedData }])

    const { count } = await app.services.database.systemDb.recordUsage.findUniqueOrThrow({
      where: { userId: held.userId },
    })
    expect(count).toBe(1)
  })

  test('a title may change meanwhile: the envelope stays, and names its older revision', async ({ app }) => {
    const { browser, held } = await withEncryption(app)
    const [record] = await encryptedRecords(browser, held, 1)
    const id = record?.id ?? ''
    await rotated(browser, held)
    const renamed = await update(browser, { id, revision: 1, title: 'new' })
    expect(renamed.data?.updateRecord).toMatchObject({ revision: 2, encryptedData: record?.encryptedData })
    expect(await waiting(browser)).toMatchObject([{ id, revision: 2 }])
  })

  test('clearing or deleting the last of them lets an empty batch finish the rotation', async ({ app }) => {
    const { browser, held } = await withEncryption(app)
    const [first, second] = await encryptedRecords(browser, held, 2)
    await rotated(browser, held)
    expect((await reencrypted(browser, [])).rotation).toMatchObject({ recordsLeft: 2, finishedAt: null })
    await update(browser, { id: first?.id, revision: 1, encryptedData: null })
    await remove(browser, { id: second?.id })
    const { records, conflicts, rotation } = await reencrypted(browser, [])
    expect({ records, conflicts }).toEqual({ records: [], conflicts: [] })
    expect(rotation).toMatchObject({ recordsLeft: 0, finishedAt: expect.any(String) as string })
    expect((await statusOf(browser.graphql(STATUS))).rotation).toEqual(rotation)
  })
})

describe('reencryptRecords', () => {
  test('writes a batch, tells what others wrote first, and finishes with the last', async ({ app }) => {
    const { browser, held } = await withEncryption(app)
    const records = await encryptedRecords(browser, held, 3)
    const next = await rotated(browser, held)
    const [first, second, third] = await waiting(browser)
    if (!first || !second || !third) throw new Error('Three records were made.')
    await update(browser, { id: second.id, revision: 1, title: 'another device' })
    await remove(browser, { id: third.id })

    const done = await reencrypted(browser, anew(next, [first, second, third]))
    expect(done.records).toMatchObject([{ id: first.id, revision: 2, keyId: next.kid }])
    expect(done.conflicts).toEqual([second.id, third.id])
    expect(done.rotation).toMatchObject({ recordsLeft: 1, finishedAt: null, toKeyId: next.kid })

    const rest = await reencrypted(browser, anew(next, await waiting(browser)))
    expect(rest.rotation).toMatchObject({ recordsLeft: 0, finishedAt: expect.any(String) as string })
    expect(await waiting(browser)).toEqual([])
    expect(records).toHaveLength(3)
  })

  test('one fault refuses the whole batch, and nothing of it is written', async ({ app }) => {
    const { browser, held } = await withEncryption(app)
    const records = await encryptedRecords(browser, held, 2)
    const next = await rotated(browser, held)
    const before = await kept(app, held.userId)
    const [good, bad] = anew(next, records)
    if (!good || !bad) throw new Error('Two records were made.')
    const [, old] = anew(held, records)
    const faults: [object[], object][] = [
      [[good, old ?? bad], { code: 'KEY_ROTATED', keyId: next.kid }],
      [[good, { ...bad, revision: 2 }], { code: 'ENVELOPE_INVALID', reason: 'ctx' }],
      [[good, { ...bad, encryptedData: good.encryptedData }], { code: 'ENVELOPE_INVALID', reason: 'ctx' }],
      [[good, { ...bad, encryptedData: 'x' }], { code: 'ENVELOPE_INVALID', reason: 'not-compact' }],
      [[good, { ...bad, encryptedData: 'x'.repeat(96 * 1024 + 1) }], { code: 'TOO_LARGE', limit: 98_304 }],
      [[good, good], { code: 'BAD_INPUT' }],
      [[good, { ...bad, id: `passkey_${uuidv7()}` }], { code: 'BAD_INPUT' }],
      [
        Array.from({ length: 101 }, () => ({ id: newId(), revision: 1, encryptedData: 'x' })),
        { code: 'TOO_LARGE', limit: 100 },
      ],
      [
        Array.from({ length: 3 }, () => ({ id: newId(), revision: 1, encryptedData: 'x'.repeat(90 * 1024) })),
        { code: 'TOO_LARGE', limit: 262_144 },
      ],
    ]
    for (const [input, refusal] of faults) {
      const { errors, data } = await browser.graphql(REENCRYPT, { input })
      expect(errors[0]?.extensions).toMatchObject(refusal)
      expect(data ?? null).toBeNull()
    }
    expect(await kept(app, held.userId)).toEqual(before)
  })

  test('NOT_FOUND when the keys were never rotated', async ({ app }) => {
    const { browser } = await withEncryption(app)
    expect((await browser.graphql(REENCRYPT, { input: [] })).code).toBe('NOT_FOUND')
  })

  test("D1: another user's record is a conflict like one that is gone, and stays as it was", async ({ app }) => {
    const [ada, eve] = [await withEncryption(app), await withEncryption(app)]
    const [record] = await encryptedRecords(ada.browser, ada.held, 1)
    await rotated(ada.browser, ada.held)
    const next = await rotated(eve.browser, eve.held)
    const before = await kept(app, ada.held.userId)
    const id = record?.id ?? ''
    expect((await reencrypted(eve.browser, anew(next, [{ id, revision: 1 }]))).conflicts).toEqual([id])
    expect(await waiting(eve.browser)).toEqual([])
    expect(await kept(app, ada.held.userId)).toEqual(before)
  })

  test('is no way around the limit on data: what is under the key in force, or plain, is a conflict', async ({
    app,
  }) => {
    const { browser, held } = await withEncryption(app)
    const next = await rotated(browser, held)
    const [current] = await encryptedRecords(browser, next, 1)
    const plain = await made(browser, { data: 1 })
    const ids = [current?.id ?? '', plain.id]
    const { conflicts } = await reencrypted(
      browser,
      anew(
        next,
        ids.map((id) => ({ id, revision: 1 })),
      ),
    )
    expect(conflicts).toEqual(ids)
  })

  test('takes what was written to the public key under the record key', async ({ app }) => {
    const { browser, held } = await withEncryption(app)
    const next = await rotated(browser, held)
    const id = newId()
    const place = { userId: held.userId, id: rowId(id), revision: 1, kid: thumbprint(held.publicKey) }
    await made(browser, { id, encryptedData: publicRecordEnvelope(place) })
    const { records } = await reencrypted(browser, anew(next, [{ id, revision: 1 }]))
    expect(records).toMatchObject([{ id, keyId: next.kid, revision: 2 }])
  })

  test('leaves one line for a batch, with the count and the ids', async ({ app }) => {
    const { browser, held } = await withEncryption(app)
    await encryptedRecords(browser, held, 3)
    const next = await rotated(browser, held)
    await reencrypted(browser, anew(next, await waiting(browser)))
    await reencrypted(browser, [])
    const rows = await app.services.database.systemDb.auditEntry.findMany({
      where: { userId: held.userId, action: { in: ['encryption.records-reencrypted', 'record.updated'] } },
    })
    expect(rows.map(({ action }) => action)).toEqual(['encryption.records-reencrypted'])
    expect(JSON.parse(rows[0]?.details ?? '{}')).toMatchObject({ count: 3 })
  })
})

describe('recordsToReencrypt', () => {
  test('gives pages in the order of ids, past what cannot be opened', async ({ app }) => {
    const { browser, held } = await withEncryption(app)
    const ids = (await encryptedRecords(browser, held, 5)).map(({ id }) => id).sort()
    await rotated(browser, held)
    expect((await waiting(browser, { first: 2 })).map(({ id }) => id)).toEqual(ids.slice(0, 2))
    expect((await waiting(browser, { first: 2, after: ids[1] })).map(({ id }) => id)).toEqual(ids.slice(2, 4))
    expect((await waiting(browser, { after: ids[4] })).map(({ id }) => id)).toEqual([])
    for (const first of [0, 101, -1]) expect((await browser.graphql(TO_REENCRYPT, { first })).code).toBe('BAD_INPUT')
    expect((await browser.graphql(TO_REENCRYPT, { after: 'record_x' })).code).toBe('BAD_INPUT')
  })

  test('an answer is never larger than a batch may be', async ({ app }) => {
    const { browser, held } = await withEncryption(app)
    const [record] = await encryptedRecords(browser, held, 1)
    const { systemDb } = app.services.database
    const row = await systemDb.record.findFirstOrThrow({ where: { userId: held.userId } })
    const large = 'x'.repeat(96 * 1024)
    await systemDb.record.createMany({
      data: Array.from({ length: 4 }, () => ({ ...row, id: uuidv7(), encryptedData: large })),
    })
    await rotated(browser, held)
    const found = await waiting(browser)
    expect(found[0]?.id).toBe(record?.id)
    expect(found).toHaveLength(3)
  })

  test('is logged, and does not count as unusual reading', async ({ app }) => {
    const { browser, held } = await withEncryption(app)
    const records = await encryptedRecords(browser, held, 2)
    await rotated(browser, held)
    app.services.tally.take()
    await waiting(browser)
    expect(app.services.tally.take()).toEqual([])
    const rows = await app.services.database.systemDb.auditEntry.findMany({
      where: { userId: held.userId, action: 'record.read' },
    })
    const details = JSON.parse(rows.at(-1)?.details ?? '{}') as { ids: string[] } // as the log writes it
    expect(details.ids.sort()).toEqual(records.map(({ id }) => rowId(id)).sort())
  })
})
