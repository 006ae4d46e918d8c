import { describe, expect } from 'vitest'
import { test } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import type { Answer, Visitor } from '../support/browser-like.ts'
import { provider } from '../support/databases.ts'
import { codeSlots, random, slotInput } from '../support/envelopes.ts'
import { hold, untilWaiting } from '../support/held-rows.ts'
import { signIn } from '../support/people.ts'
import {
  anew,
  CHANGE,
  CODES,
  DISABLE,
  encryptedRecords,
  envelopeFor,
  firstSetup,
  keysOf,
  nextKeys,
  REENCRYPT,
  rotated,
  ROTATE,
  SETUP,
  STATUS,
  statusOf,
  withEncryption,
} from '../features/encryption/support.ts'
import type { Reencrypted } from '../features/encryption/support.ts'
import { create, made, newId, rowId, update } from '../features/records/support.ts'

const FIFTY = Array.from({ length: 50 }, (_, index) => index)

/** How often each code came; null is an answer. */
function tally(answers: readonly Answer[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { code } of answers) counts[code ?? 'answered'] = (counts[code ?? 'answered'] ?? 0) + 1
  return counts
}

/** A browser with the cookies of another: a second tab, or the same session at another process. */
function tabOf(browser: Visitor, app: TestApp): Visitor {
  const tab = app.browser()
  for (const [name, value] of browser.cookies) tab.cookies.set(name, value)
  return tab
}

const kidsOf = async ({ services }: TestApp, userId: string) =>
  (await services.database.systemDb.record.findMany({ where: { userId } })).map(({ keyId }) => keyId)

const logged = ({ services }: TestApp, userId: string, action: string) =>
  services.database.systemDb.auditEntry.count({ where: { userId, action } })

describe('R6: what comes at once', () => {
  test('x50 setupEncryption over two processes: one, and the keys of that one alone', async ({ app }) => {
    const other = await app.second()
    const { browser, userId } = await signIn(app)
    const id = rowId(userId)
    const inputs = FIFTY.map(() => firstSetup(id))
    const tabs = FIFTY.map((index) => (index % 2 === 0 ? browser : tabOf(browser, other)))
    const answers = await Promise.all(inputs.map((input, index) => (tabs[index] ?? browser).graphql(SETUP, { input })))

    expect(tally(answers)).toEqual({ answered: 1, ENCRYPTION_ON: 49 })
    const won = inputs[answers.findIndex(({ code }) => code === null)]
    expect(await keysOf(browser)).toMatchObject({ encryptedPrivateKey: won?.encryptedPrivateKey, generation: 1 })
    const { systemDb } = app.services.database
    const slots = await systemDb.keySlot.findMany({ where: { userId: id } })
    expect(slots.map((slot) => slot.id).sort()).toEqual(won?.slots.map((slot) => rowId(slot.id)).sort())
    expect(await logged(app, id, 'encryption.enabled')).toBe(1)
    expect(await systemDb.securityAlert.count({ where: { userId: id, kind: 'encryption.enabled' } })).toBe(1)
  })

  test('x50 rotateKeys from one revision over two processes: one, and 49 are told the revision in force', async ({
    app,
  }) => {
    const other = await app.second()
    const { browser, held } = await withEncryption(app)
    const inputs = FIFTY.map((index) => nextKeys(held, { full: index % 3 === 0 }).input)
    const tabs = FIFTY.map((index) => (index % 2 === 0 ? browser : tabOf(browser, other)))
    const answers = await Promise.all(inputs.map((input, index) => (tabs[index] ?? browser).graphql(ROTATE, { input })))

    expect(tally(answers)).toEqual({ answered: 1, CONFLICT: 49 })
    for (const { errors } of answers) for (const { extensions } of errors) expect(extensions['currentRevision']).toBe(2)
    const won = inputs[answers.findIndex(({ code }) => code === null)]
    expect(await keysOf(browser)).toMatchObject({ encryptedPrivateKey: won?.encryptedPrivateKey, ringRevision: 2 })
    const { systemDb } = app.services.database
    expect(await systemDb.keyRotation.count({ where: { userId: held.userId } })).toBe(1)
    expect(await systemDb.keySlot.count({ where: { userId: held.userId } })).toBe(9)
  })

  test('records that are written while the keys rotate are refused, or counted: none is lost', async ({ app }) => {
    const { browser, held } = await withEncryption(app)
    const existing = await encryptedRecords(browser, held, 10)
    const next = nextKeys(held)
    const write = (index: number): Promise<Answer> => {
      const old = existing[index / 5]
      if (index % 5 === 0 && old)
        return update(browser, { id: old.id, revision: 1, encryptedData: envelopeFor(held, old.id, 2) })
      const id = newId()
      return create(browser, { id, encryptedData: envelopeFor(held, id, 1) })
    }
    const answers = await Promise.all([
      ...FIFTY.slice(0, 25).map(write),
      browser.graphql(ROTATE, { input: next.input }),
      ...FIFTY.slice(25).map(write),
    ])
    expect(answers[25]?.code).toBeNull()

    expect(
      answers.map(({ code }) => code).filter((code) => code && !['KEY_ROTATED', 'CONFLICT'].includes(code)),
    ).toEqual([])
    const { rotation } = await statusOf(browser.graphql(STATUS))
    const kids = await kidsOf(app, held.userId)
    expect(new Set(kids)).toEqual(new Set([held.kid]))
    const created = answers.filter(({ data }) => data && 'createRecord' in data)
    expect(kids).toHaveLength(10 + created.length)
    expect(rotation).toMatchObject({ recordsLeft: kids.length, finishedAt: null })
  })

  test('two devices that write the same batch anew: each record once, and what one of them edits is kept', async ({
    app,
  }) => {
    const other = await app.second()
    const { browser, held } = await withEncryption(app)
    const records = await encryptedRecords(browser, held, 20)
    const next = await rotated(browser, held)
    const edited = records[7]?.id ?? ''
    const devices = [browser, tabOf(browser, other)]
    const [edit, ...batches] = await Promise.all([
      update(browser, { id: edited, revision: 1, title: 'edited', encryptedData: envelopeFor(next, edited, 2) }),
      ...devices.map((device) => device.graphql<Reencrypted>(REENCRYPT, { input: anew(next, records) })),
    ])

    const written = batches.flatMap(({ data }) => data?.reencryptRecords.records ?? [])
    const ids = written.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    const done = edit.code === null ? [...ids, edited] : ids
    expect(done.sort()).toEqual(records.map(({ id }) => id).sort())
    for (const { data } of batches) {
      const { records: won, conflicts = [] } = data?.reencryptRecords ?? {}
      expect((won?.length ?? 0) + conflicts.length).toBe(20)
    }
    const rows = await app.services.database.systemDb.record.findMany({ where: { userId: held.userId } })
    expect(rows.map(({ keyId, revision }) => ({ keyId, revision }))).toEqual(
      records.map(() => ({ keyId: next.kid, revision: 2 })),
    )
    const envelopes = new Map(written.map(({ id, encryptedData }) => [rowId(id), encryptedData]))
    for (const { id, encryptedData } of rows) if (envelopes.has(id)) expect(encryptedData).toBe(envelopes.get(id))
    await browser.graphql(REENCRYPT, { input: [] })
    expect((await statusOf(browser.graphql(STATUS))).rotation).toMatchObject({
      recordsLeft: 0,
      finishedAt: expect.any(String) as string,
    })
  })

  test('an encrypted record and disableEncryption: one of the two is refused', async ({ app }) => {
    for (let round = 0; round < 5; round++) {
      const { browser, held } = await withEncryption(app)
      const id = newId()
      const [written, switchedOff] = await Promise.all([
        create(browser, { id, encryptedData: envelopeFor(held, id, 1) }),
        browser.graphql(DISABLE),
      ])
      const { enabled } = await statusOf(browser.graphql(STATUS))
      const outcome = { written: written.code, switchedOff: switchedOff.code, enabled }
      const recordFirst = { written: null, switchedOff: 'RECORDS_ENCRYPTED', enabled: true }
      const switchFirst = { written: 'ENCRYPTION_OFF', switchedOff: null, enabled: false }
      expect([recordFirst, switchFirst]).toContainEqual(outcome)
      expect(await kidsOf(app, held.userId)).toEqual(enabled ? [held.kid] : [])
    }
  })
})

const ended = (app: TestApp, userId: string) => app.services.database.systemDb.session.deleteMany({ where: { userId } })
const withAccount = (app: TestApp, userId: string) =>
  hold(app, (tx) => tx.user.updateMany({ where: { id: userId }, data: { displayName: null } }))

// On SQLite transactions take turns, so nothing comes between.
describe.skipIf(provider === 'sqlite')('R6: what is forced to come between', () => {
  test('a record under the old key that waits for a rotation is refused when it comes through', async ({ app }) => {
    const { browser, held } = await withEncryption(app)
    const [old] = await encryptedRecords(browser, held, 1)
    const next = nextKeys(held)
    const letGo = await hold(app, (tx) =>
      tx.recordUsage.updateMany({ where: { userId: held.userId }, data: { count: { increment: 0 } } }),
    )
    const rotating = browser.graphql(ROTATE, { input: next.input })
    await untilWaiting(app, 1)
    const id = newId()
    const creating = create(browser, { id, encryptedData: envelopeFor(held, id, 1) })
    const updating = update(browser, { id: old?.id, revision: 1, encryptedData: envelopeFor(held, old?.id ?? '', 2) })
    await untilWaiting(app, 3)
    await letGo()

    expect((await rotating).code).toBeNull()
    const codes = [(await creating).code, (await updating).code]
    const { rotation } = await statusOf(browser.graphql(STATUS))
    const kids = await kidsOf(app, held.userId)
    // Whoever of the three took the row first: what was answered is there, under the retired key, and counted.
    expect(codes.filter((code) => code !== null && code !== 'KEY_ROTATED')).toEqual([])
    expect(kids).toEqual(kids.map(() => held.kid))
    expect(kids).toHaveLength(codes[0] === null ? 2 : 1)
    expect(rotation?.recordsLeft).toBe(kids.length)
  })

  test('a record under the old key that was written first is counted by the rotation that waits for it', async ({
    app,
  }) => {
    const { browser, held } = await withEncryption(app)
    const { systemDb } = app.services.database
    const next = nextKeys(held)
    const now = new Date()
    const written = { userId: held.userId, collection: 'notes', createdAt: now, updatedAt: now }
    const letGo = await hold(app, async (tx) => {
      await tx.recordUsage.updateMany({
        where: { userId: held.userId, keyId: held.kid },
        data: { count: { increment: 1 } },
      })
      await tx.record.create({ data: { ...written, encryptedData: 'x', keyId: held.kid } })
    })
    const rotating = browser.graphql(ROTATE, { input: next.input })
    await untilWaiting(app, 1)
    expect(await systemDb.record.count({ where: { userId: held.userId } })).toBe(0) // not yet to be seen
    await letGo()
    expect((await statusOf(rotating)).rotation).toMatchObject({ recordsLeft: 1, finishedAt: null })
  })

  test('disableEncryption that waits for an encrypted record is refused, and the keys stay', async ({ app }) => {
    const { browser, held } = await withEncryption(app)
    const now = new Date()
    const written = { userId: held.userId, collection: 'notes', createdAt: now, updatedAt: now }
    // What a creation has done by the time that it commits.
    const letGo = await hold(app, async (tx) => {
      await tx.recordUsage.updateMany({
        where: { userId: held.userId, keyId: held.kid },
        data: { count: { increment: 1 } },
      })
      await tx.record.create({ data: { ...written, encryptedData: 'x', keyId: held.kid } })
    })
    const switchingOff = browser.graphql(DISABLE)
    await untilWaiting(app, 1)
    await letGo()
    expect((await switchingOff).code).toBe('RECORDS_ENCRYPTED')
    expect(await statusOf(browser.graphql(STATUS))).toMatchObject({ enabled: true, recoveryCodesLeft: 8 })
    const id = newId()
    expect((await create(browser, { id, encryptedData: envelopeFor(held, id, 1) })).code).toBeNull()
  })

  test('encrypted records that wait for disableEncryption are refused, and none is kept', async ({ app }) => {
    const { browser, held } = await withEncryption(app)
    const old = await made(browser, { data: 1 })
    // Past the row that the writes take, and before its commit: the slots are what it deletes after that.
    const letGo = await hold(app, (tx) =>
      tx.keySlot.updateMany({ where: { userId: held.userId }, data: { generation: held.generation } }),
    )
    const switchingOff = browser.graphql(DISABLE)
    await untilWaiting(app, 1)
    const id = newId()
    const creating = create(browser, { id, encryptedData: envelopeFor(held, id, 1) })
    const updating = update(browser, { id: old.id, revision: 1, encryptedData: envelopeFor(held, old.id, 2) })
    await untilWaiting(app, 3)
    await letGo()
    expect((await switchingOff).code).toBeNull()
    expect([(await creating).code, (await updating).code]).toEqual(['ENCRYPTION_OFF', 'ENCRYPTION_OFF'])
    const kept = await app.services.database.systemDb.record.findMany({ where: { userId: held.userId } })
    expect(kept.map(({ encryptedData, revision }) => ({ encryptedData, revision }))).toEqual([
      { encryptedData: null, revision: 1 },
    ])
    expect(await statusOf(browser.graphql(STATUS))).toMatchObject({ enabled: false })
  })

  test('S2: a session that ends meanwhile has changed no key', async ({ app }) => {
    const { browser, held, email } = await withEncryption(app)
    const passphrase = slotInput({ userId: held.userId, kind: 'PASSPHRASE', generation: 1 })
    const changes: [string, object][] = [
      [ROTATE, { input: nextKeys(held, { full: true }).input }],
      [CODES, { input: { slots: codeSlots(held.userId, 1) } }],
      [CHANGE, { input: { slot: passphrase, keySalt: random(32), ringRevision: 1 } }],
      [DISABLE, {}],
    ]
    const { systemDb } = app.services.database
    const kept = async () => ({
      keys: await systemDb.encryptionKeys.findMany({ where: { userId: held.userId } }),
      slots: await systemDb.keySlot.findMany({ where: { userId: held.userId }, orderBy: { id: 'asc' } }),
      rotations: await systemDb.keyRotation.count({ where: { userId: held.userId } }),
      usage: await systemDb.recordUsage.findMany({ where: { userId: held.userId } }),
      alerts: await systemDb.securityAlert.count({
        where: { userId: held.userId, kind: { startsWith: 'encryption' } },
      }),
    })
    const before = await kept()
    let visitor = browser
    for (const [document, variables] of changes) {
      const letGo = await withAccount(app, held.userId)
      const changing = visitor.graphql(document, { ...variables })
      await untilWaiting(app, 1)
      await ended(app, held.userId)
      await letGo()
      expect((await changing).code).toBe('UNAUTHENTICATED')
      expect(await kept()).toEqual(before)
      visitor = (await signIn(app, email)).browser
    }
  })

  test('S2: nor has one that ends before its setup comes through', async ({ app }) => {
    const { browser, userId } = await signIn(app)
    const id = rowId(userId)
    const letGo = await withAccount(app, id)
    const setting = browser.graphql(SETUP, { input: firstSetup(id) })
    await untilWaiting(app, 1)
    await ended(app, id)
    await letGo()
    expect((await setting).code).toBe('UNAUTHENTICATED')
    expect(await app.services.database.systemDb.encryptionKeys.count({ where: { userId: id } })).toBe(0)
  })
})
