import { describe, expect } from 'vitest'
import { test } from '../../support/app.ts'
import type { Answer, Visitor } from '../../support/browser-like.ts'
import { codeSlots, newKid, random, slotInput } from '../../support/envelopes.ts'
import { REMOVE, withPasskey } from '../../support/passkeys.ts'
import { signIn } from '../../support/people.ts'
import {
  CHANGE,
  CODES,
  DISABLE,
  DISABLE_BIOMETRIC,
  ENABLE,
  keysOf,
  nextKeys,
  passkeySlot,
  ROTATE,
  rotated,
  SETUP,
  setupInput,
  statusOf,
  switchOn,
  withEncryption,
} from './support.ts'
import type { Held } from './support.ts'

const revisionOf = async (browser: Visitor) => (await keysOf(browser))?.slotsRevision

const refusalOf = (answer: Answer) => answer.errors[0]?.extensions
const stale = (currentRevision: number) => ({ code: 'CONFLICT', field: 'slotsRevision', currentRevision })

/** What changePassphrase takes; `more` names the revision that it was prepared from. */
function anotherPassphrase({ userId, generation, ringRevision }: Held, more: { slotsRevision?: number | null } = {}) {
  return { slot: slotInput({ userId, kind: 'PASSPHRASE', generation }), keySalt: random(32), ringRevision, ...more }
}

describe('slotsRevision', () => {
  test('counts every write of slots, and no other change of the keys', async ({ app }) => {
    const owner = await withPasskey(app)
    const { browser, passkey } = owner
    const { held } = await switchOn(owner)
    expect(await revisionOf(browser)).toBe(1)
    await statusOf(browser.graphql(ENABLE, { input: { slot: passkeySlot(held, passkey.id) } }))
    expect(await revisionOf(browser)).toBe(2)
    await statusOf(browser.graphql(DISABLE_BIOMETRIC, { id: passkey.id }))
    expect(await revisionOf(browser)).toBe(3)
    await statusOf(browser.graphql(CHANGE, { input: anotherPassphrase(held) }))
    expect(await revisionOf(browser)).toBe(4)
    await statusOf(browser.graphql(CODES, { input: { slots: codeSlots(held.userId, 1) } }))
    expect(await revisionOf(browser)).toBe(5)
    const next = await rotated(browser, held)
    expect(await revisionOf(browser)).toBe(5)
    const full = await rotated(browser, next, { full: true })
    expect(await revisionOf(browser)).toBe(6)
    await statusOf(browser.graphql(ENABLE, { input: { slot: passkeySlot(full, passkey.id) } }))
    expect((await browser.graphql(REMOVE, { id: passkey.id })).code).toBeNull()
    expect(await revisionOf(browser)).toBe(8)
  })

  test('stays where a passkey goes that opened nothing', async ({ app }) => {
    const owner = await withPasskey(app)
    await switchOn(owner)
    expect((await owner.browser.graphql(DISABLE_BIOMETRIC, { id: owner.passkey.id })).code).toBe('NOT_FOUND')
    expect((await owner.browser.graphql(REMOVE, { id: owner.passkey.id })).code).toBeNull()
    expect(await revisionOf(owner.browser)).toBe(1)
  })

  test('never goes back, also not by switching encryption off and on', async ({ app }) => {
    const { browser, held } = await withEncryption(app)
    await statusOf(browser.graphql(CHANGE, { input: anotherPassphrase(held) }))
    await statusOf(browser.graphql(DISABLE))
    const again = { userId: held.userId, generation: 2, ringRevision: 2, kid: newKid() }
    const input = setupInput(held.userId, again)
    await statusOf(browser.graphql(SETUP, { input }))
    expect(await revisionOf(browser)).toBe(3)
    const late = nextKeys({ ...again, publicKey: input.publicKey }, { full: true }).input
    expect(refusalOf(await browser.graphql(ROTATE, { input: { ...late, slotsRevision: 2 } }))).toEqual(stale(3))
  })
})

describe('a change that names the revision of the slots', () => {
  test('R6: a rotation prepared before another device changed the passphrase does not bring the old one back', async ({
    app,
  }) => {
    const { browser, held, email } = await withEncryption(app)
    const other = await signIn(app, email)
    const prepared = { ...nextKeys(held, { full: true }).input, slotsRevision: 1 }
    const changed = anotherPassphrase(held, { slotsRevision: 1 })
    await statusOf(other.browser.graphql(CHANGE, { input: changed }))
    expect(refusalOf(await browser.graphql(ROTATE, { input: prepared }))).toEqual(stale(2))
    expect(await keysOf(browser)).toMatchObject({
      keySalt: changed.keySalt,
      generation: 1,
      ringRevision: 1,
      slotsRevision: 2,
      slots: [{ id: changed.slot.id }],
    })
    await statusOf(browser.graphql(ROTATE, { input: { ...prepared, slotsRevision: 2 } }))
  })

  test('R6: nor does it take a passkey away that was enrolled meanwhile', async ({ app }) => {
    const owner = await withPasskey(app)
    const { browser, passkey } = owner
    const { held } = await switchOn(owner)
    const prepared = { ...nextKeys(held, { full: true }).input, slotsRevision: 1 }
    const enrolled = { slot: passkeySlot(held, passkey.id), slotsRevision: 1 }
    await statusOf(browser.graphql(ENABLE, { input: enrolled }))
    expect(refusalOf(await browser.graphql(ROTATE, { input: prepared }))).toEqual(stale(2))
    expect((await keysOf(browser))?.slots.map(({ kind }) => kind)).toEqual(['PASSPHRASE', 'PASSKEY'])
  })

  test('is refused once the slots were written since, whichever change it is, and writes nothing', async ({ app }) => {
    const owner = await withPasskey(app)
    const { browser, passkey } = owner
    const { held } = await switchOn(owner)
    await statusOf(browser.graphql(CHANGE, { input: anotherPassphrase(held) }))
    const slotRows = () =>
      app.services.database.systemDb.keySlot.findMany({ where: { userId: held.userId }, orderBy: { id: 'asc' } })
    const [keys, slots] = [await keysOf(browser), await slotRows()]
    const changes: [string, object][] = [
      [CHANGE, anotherPassphrase(held)],
      [CODES, { slots: codeSlots(held.userId, 1) }],
      [ENABLE, { slot: passkeySlot(held, passkey.id) }],
      [ROTATE, nextKeys(held).input],
      [ROTATE, nextKeys(held, { full: true }).input],
    ]
    for (const [mutation, input] of changes) {
      for (const slotsRevision of [1, 3, 0, -1]) {
        const refused = await browser.graphql(mutation, { input: { ...input, slotsRevision } })
        expect(refusalOf(refused)).toEqual(stale(2))
      }
    }
    expect(await keysOf(browser)).toEqual(keys)
    expect(await slotRows()).toEqual(slots)
    for (const [index, [mutation, input]] of changes.slice(0, 3).entries()) {
      await statusOf(browser.graphql(mutation, { input: { ...input, slotsRevision: 2 + index } }))
    }
  })

  test('of five that were prepared from the same slots one is taken, even when they come together', async ({ app }) => {
    const { browser, held } = await withEncryption(app)
    const answers = await Promise.all(
      Array.from({ length: 5 }, () =>
        browser.graphql(CHANGE, { input: anotherPassphrase(held, { slotsRevision: 1 }) }),
      ),
    )
    expect(answers.map(({ code }) => code ?? 'taken').sort()).toEqual([...Array<string>(4).fill('CONFLICT'), 'taken'])
    expect(await revisionOf(browser)).toBe(2)
  })

  test('may leave it out, or say null: then nothing is compared', async ({ app }) => {
    const { browser, held } = await withEncryption(app)
    await statusOf(browser.graphql(CHANGE, { input: anotherPassphrase(held) }))
    await statusOf(browser.graphql(CHANGE, { input: anotherPassphrase(held, { slotsRevision: null }) }))
    await statusOf(browser.graphql(ROTATE, { input: nextKeys(held, { full: true }).input }))
    expect(await revisionOf(browser)).toBe(4)
  })
})

describe('the salt of a rotation', () => {
  test('is kept with the slots that it comes with, and stays where none comes', async ({ app }) => {
    const { browser, held, input } = await withEncryption(app)
    const full = nextKeys(held, { full: true })
    const keySalt = random(32)
    await statusOf(browser.graphql(ROTATE, { input: { ...full.input, keySalt } }))
    expect((await keysOf(browser))?.keySalt).toBe(keySalt)
    await rotated(browser, full.held, { full: true })
    expect((await keysOf(browser))?.keySalt).toBe(keySalt)
    expect(keySalt).not.toBe(input.keySalt)
  })

  test('BAD_INPUT without slots, and for anything but 32 bytes: nothing is rotated', async ({ app }) => {
    const { browser, held } = await withEncryption(app)
    const before = await keysOf(browser)
    const faults = [
      { ...nextKeys(held).input, keySalt: random(32) },
      { ...nextKeys(held).input, slots: null, keySalt: random(32) },
      ...['', random(31), random(33), `${random(32)}=`].map((keySalt) => ({
        ...nextKeys(held, { full: true }).input,
        keySalt,
      })),
    ]
    for (const fault of faults) {
      expect(refusalOf(await browser.graphql(ROTATE, { input: fault }))).toEqual({
        code: 'BAD_INPUT',
        field: 'keySalt',
      })
    }
    expect(await keysOf(browser)).toEqual(before)
  })
})
