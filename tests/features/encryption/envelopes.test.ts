import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp } from '../../support/app.ts'
import type { TestApp } from '../../support/app.ts'
import {
  newKid,
  newPublicKey,
  publicRecordEnvelope,
  random,
  recordEnvelope,
  ringEnvelope,
  slotEnvelope,
  thumbprint,
} from '../../support/envelopes.ts'
import type { Deviation } from '../../support/envelopes.ts'
import { signIn } from '../../support/people.ts'
import { create, newId, rowId, update } from '../records/support.ts'
import { firstSetup, SETUP, withEncryption } from './support.ts'
import type { Encrypted } from './support.ts'

// Every fault of every kind of envelope, one by one: each is refused by its own name, and nothing is kept.

let app: TestApp
let ada: Encrypted
beforeAll(async () => {
  app = await startTestApp()
  ada = await withEncryption(app)
})
afterAll(() => app.close())

type Case = readonly [name: string, reason: string, deviation: Deviation | ((envelope: string) => string)]

const part = (index: number, text: (part: string) => string) => (envelope: string) =>
  envelope
    .split('.')
    .map((each, at) => (at === index ? text(each) : each))
    .join('.')
const headerText = (text: string) => part(0, () => Buffer.from(text).toString('base64url'))
const inHeader = (change: (text: string) => string) =>
  part(0, (header) => Buffer.from(change(Buffer.from(header, 'base64url').toString())).toString('base64url'))

/** What is wrong with any kind. */
const COMMON: Case[] = [
  ['no envelope at all', 'not-compact', () => 'x'],
  ['nothing', 'not-compact', () => ''],
  ['four parts', 'not-compact', (envelope) => envelope.split('.').slice(0, 4).join('.')],
  ['six parts', 'not-compact', (envelope) => `${envelope}.AAAA`],
  ['padding', 'not-compact', part(4, (tag) => `${tag}==`)],
  ['other letters', 'not-compact', part(3, () => 'a+/b')],
  ['a line break', 'not-compact', (envelope) => `${envelope}\n`],
  ['bits to spare', 'not-compact', part(4, (tag) => `${tag.slice(0, -1)}B`)],
  ['a header of more than 1 KiB', 'header-size', { header: { ctx: 'x'.repeat(1024) } }],
  ['a header that is not JSON', 'header-json', headerText('{"alg"')],
  ['a header that is a list', 'header-json', headerText('[]')],
  ['a header that is null', 'header-json', headerText('null')],
  ['a header that is not UTF-8', 'header-json', part(0, () => Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url'))],
  ['an empty header', 'header-json', part(0, () => '')],
  ['alg none', 'alg', { header: { alg: 'none' } }],
  ['no alg', 'alg', { header: { alg: undefined } }],
  ['a weaker alg', 'alg', { header: { alg: 'PBES2-HS256+A128KW' } }],
  ['alg as a list', 'alg', { header: { alg: ['dir'] } }],
  ['another enc', 'enc', { header: { enc: 'A128GCM' } }],
  ['no enc', 'enc', { header: { enc: undefined } }],
  ['no typ', 'typ', { header: { typ: undefined } }],
  ['another typ', 'typ', { header: { typ: 'JWE' } }],
  ['no crit', 'crit', { header: { crit: undefined } }],
  ['an empty crit', 'crit', { header: { crit: [] } }],
  ['more in crit', 'crit', { header: { crit: ['ctx', 'exp'] } }],
  ['crit as text', 'crit', { header: { crit: 'ctx' } }],
  ['no ctx', 'ctx', { header: { ctx: undefined } }],
  ['ctx as a number', 'ctx', { header: { ctx: 1 } }],
  ['a ctx of nothing', 'ctx', { header: { ctx: '' } }],
  ['compression', 'header-members', { header: { zip: 'DEF' } }],
  ['a key of its own', 'header-members', { header: { jwk: {} } }],
  ['a place to fetch a key', 'header-members', { header: { jku: 'https://evil.example/' } }],
  ['__proto__', 'header-members', inHeader((text) => text.replace('{', '{"__proto__":{},'))],
  ['a short initialization vector', 'iv-size', { iv: 11 }],
  ['no initialization vector', 'iv-size', { iv: 0 }],
  ['a short tag', 'tag-size', { tag: 12 }],
  ['no tag', 'tag-size', { tag: 0 }],
]

const WITH_KID: Case[] = [
  ['no kid', 'header-members', { header: { kid: undefined } }],
  ['a kid that is no thumbprint', 'kid', { header: { kid: 'key-1' } }],
  ['a kid that is a number', 'kid', { header: { kid: 7 } }],
]

const CASES: Readonly<
  Record<'PASSPHRASE slot' | 'RECOVERY_CODE slot' | 'ring' | 'record' | 'record to the public key', Case[]>
> = {
  'PASSPHRASE slot': [
    ...COMMON,
    ['too few rounds', 'p2c', { header: { p2c: 599_999 } }],
    ['too many rounds', 'p2c', { header: { p2c: 2_000_001 } }],
    ['half a round', 'p2c', { header: { p2c: 600_000.5 } }],
    ['rounds as text', 'p2c', { header: { p2c: '600000' } }],
    ['no rounds', 'header-members', { header: { p2c: undefined } }],
    ['a short salt', 'p2s', { header: { p2s: random(31) } }],
    ['no salt', 'header-members', { header: { p2s: undefined } }],
    ['a kid', 'header-members', { header: { kid: newKid() } }],
    ['no encrypted key', 'encrypted-key-size', { encryptedKey: 0 }],
    ['another size of the master key', 'ciphertext-size', { ciphertext: 33 }],
    ['the alg of another slot', 'alg', { header: { alg: 'dir' } }],
  ],
  'RECOVERY_CODE slot': [
    ...COMMON,
    ['an encrypted key', 'encrypted-key-size', { encryptedKey: 40 }],
    ['another size of the master key', 'ciphertext-size', { ciphertext: 16 }],
    ['a salt', 'header-members', { header: { p2s: random(32) } }],
    ['the alg of a passphrase', 'alg', { header: { alg: 'PBES2-HS512+A256KW' } }],
  ],
  ring: [...COMMON, ...WITH_KID, ['an encrypted key', 'encrypted-key-size', { encryptedKey: 40 }]],
  record: [
    ...COMMON,
    ...WITH_KID,
    ['no encrypted key', 'encrypted-key-size', { encryptedKey: 0 }],
    ['epk', 'header-members', { header: { epk: newPublicKey() } }],
    ['a direct key', 'alg', { header: { alg: 'dir' } }],
  ],
  'record to the public key': [
    ...COMMON,
    ...WITH_KID,
    ['no epk', 'header-members', { header: { epk: undefined } }],
    ['epk with its private member', 'epk', { header: { epk: { ...newPublicKey(), d: random(32) } } }],
    ['epk on another curve', 'epk', { header: { epk: { ...newPublicKey(), crv: 'P-521' } } }],
    ['apu', 'header-members', { header: { apu: 'QQ' } }],
  ],
}

const deviate = (make: (deviation?: Deviation) => string, [, , how]: Case): string =>
  typeof how === 'function' ? how(make()) : make(how)

/** How the server refuses an envelope where one of the kind is expected. */
type Ask = (make: (deviation?: Deviation) => string) => string

async function refusal(kind: keyof typeof CASES, change: Ask) {
  const answer = await askWith(kind, change)
  return answer.errors.map(({ extensions: { code, field, reason } }) => ({ code, field, reason }))
}

async function askWith(kind: keyof typeof CASES, change: Ask) {
  const { browser, held } = ada
  const { userId, kid } = held
  if (kind === 'record' || kind === 'record to the public key') {
    const id = newId()
    const place = { userId, id: rowId(id), revision: 1 }
    const make =
      kind === 'record'
        ? (deviation?: Deviation) => recordEnvelope({ ...place, kid }, deviation)
        : (deviation?: Deviation) => publicRecordEnvelope({ ...place, kid: thumbprint(held.publicKey) }, deviation)
    return create(browser, { id, encryptedData: change(make) })
  }
  const person = newcomer
  const input = firstSetup(rowId(person.userId))
  const owner = rowId(person.userId)
  if (kind === 'ring') {
    const place = { userId: owner, ringRevision: 1, generation: 1, kid: newKid() }
    const encryptedPrivateKey = change((deviation) => ringEnvelope(place, deviation))
    return person.browser.graphql(SETUP, { input: { ...input, encryptedPrivateKey } })
  }
  const wanted = kind === 'PASSPHRASE slot' ? 0 : 3
  const slots = input.slots.map((slot, index) => {
    const place = { userId: owner, id: rowId(slot.id), kind: slot.kind, generation: 1 }
    return index === wanted ? { ...slot, envelope: change((deviation) => slotEnvelope(place, deviation)) } : slot
  })
  return person.browser.graphql(SETUP, { input: { ...input, slots } })
}

let newcomer: Awaited<ReturnType<typeof signIn>>
beforeAll(async () => {
  newcomer = await signIn(app)
})

const FIELD = {
  'PASSPHRASE slot': 'slots[0].envelope',
  'RECOVERY_CODE slot': 'slots[3].envelope',
  ring: 'encryptedPrivateKey',
  record: 'encryptedData',
  'record to the public key': 'encryptedData',
} as const
const KINDS = Object.keys(CASES) as (keyof typeof CASES)[] // its own keys

describe.each(KINDS)('ENVELOPE_INVALID for a %s with', (kind) => {
  test.each(CASES[kind])('%s', async (...fault) => {
    const [, reason] = fault
    const refused = await refusal(kind, (make) => deviate(make, fault))
    // An alg decides by which of a record's two rules it is read.
    expect(refused).toEqual([{ code: 'ENVELOPE_INVALID', field: FIELD[kind], reason }])
  })

  test('the context of anything else', async () => {
    const context = (ctx: string) => refusal(kind, (make) => make({ header: { ctx } }))
    const own = await contextOf(kind)
    for (const [index, text] of own.split('|').entries()) {
      const parts = own.split('|')
      parts[index] = /^\d+$/.test(text) ? String(Number(text) + 1) : `${text}x`
      expect(await context(parts.join('|'))).toEqual([{ code: 'ENVELOPE_INVALID', field: FIELD[kind], reason: 'ctx' }])
    }
    for (const ctx of [`${own}|`, `${own}|1`, `user_${own}`, own.replace(/\d+$/, '01'), `${own} `])
      expect(await context(ctx)).toMatchObject([{ reason: 'ctx' }])
  })
})

/** The context that an envelope of the kind names where it is refused or taken. */
async function contextOf(kind: keyof typeof CASES): Promise<string> {
  let ctx = ''
  await refusal(kind, (make) => {
    const [header = ''] = make().split('.')
    const parsed: { ctx: string } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { ctx: string } // made here
    ctx = parsed.ctx
    return 'x'
  })
  return ctx
}

test('the messages say what would be right, and nothing of the envelope', async () => {
  const { held, browser } = ada
  const id = newId()
  const place = { userId: held.userId, id: rowId(id), revision: 2, kid: held.kid }
  const { errors } = await create(browser, { id, encryptedData: recordEnvelope(place) })
  expect(errors[0]?.message).toBe(
    `encryptedData: ctx does not name what the envelope is for. Here it is "1|${held.userId}|${rowId(id)}|encryptedData|1".`,
  )
})

test('another user sees no difference: an envelope for one account is refused in the other', async () => {
  const eve = await withEncryption(app)
  const id = newId()
  const stolen = recordEnvelope({ userId: ada.held.userId, id: rowId(id), revision: 1, kid: ada.held.kid })
  expect((await create(eve.browser, { id, encryptedData: stolen })).errors[0]?.extensions).toMatchObject({
    code: 'ENVELOPE_INVALID',
    reason: 'ctx',
  })
})

test('a change that is refused leaves the record as it was', async () => {
  const { held, browser } = ada
  const id = newId()
  await create(browser, { id, title: 'kept' })
  const wrong = recordEnvelope({ userId: held.userId, id: rowId(id), revision: 3, kid: held.kid })
  expect((await update(browser, { id, revision: 1, title: 'lost', encryptedData: wrong })).code).toBe(
    'ENVELOPE_INVALID',
  )
  const row = await app.services.database.systemDb.record.findFirstOrThrow({ where: { id: rowId(id) } })
  expect(row).toMatchObject({ title: 'kept', revision: 1, encryptedData: null, keyId: null })
})

test('the largest of each kind is taken, and one byte more refused', async () => {
  const { held, browser } = ada
  const id = newId()
  const place = { userId: held.userId, id: rowId(id), revision: 1, kid: held.kid }
  const spare = recordEnvelope(place, { ciphertext: 0 }).length
  const room = Math.floor(((96 * 1024 - spare) * 3) / 4)
  expect((await create(browser, { id: newId(), encryptedData: 'x'.repeat(96 * 1024 + 1) })).code).toBe('TOO_LARGE')
  expect((await create(browser, { id, encryptedData: recordEnvelope(place, { ciphertext: room }) })).code).toBeNull()
})
