import { createDecipheriv, createHash, createHmac, hkdfSync, pbkdf2Sync } from 'node:crypto'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { unseal } from '../../src/platform/crypto/seal.ts'
import type { TestApp } from '../support/app.ts'
import { encryptedDevice, PASSPHRASE, startRoomyApp } from '../support/devices.ts'
import { signIn } from '../support/people.ts'
import { readCodeSlot, readPassphraseSlot, verifierOfCode } from '../support/second-reader.ts'
import { answered, cancelBy, indexesOf, PAIRS, passTime, DAY, showCode, initiate, WORDS } from './recovery-support.ts'

/*
 * Whoever has the database, and nothing of the server's keys, tries the right passphrase, the right codes and the right
 * answers on all that stands in it. It must be as if they were wrong: else a weak one could be guessed at for ever.
 */

const NOTE = 'canary: the body of a note'
const ANSWERS = ['canary harbour', 'canary orchard', 'canary meringue']

/** Every text and every blob of every row of every table. */
async function cellsOf(app: TestApp): Promise<string[]> {
  const url = app.env['DATABASE_URL']
  if (!url?.startsWith('postgres')) {
    const db = new Sqlite(join(app.env['DATA_DIR'] ?? '', 'latchkey.db'), { readonly: true })
    try {
      const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all() as string[]
      return tables.flatMap((table) =>
        (db.prepare(`SELECT * FROM "${table}"`).raw().all() as unknown[][]).flat().map(String),
      )
    } finally {
      db.close()
    }
  }
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const tables = await client.query<{ name: string }>(
      "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
    )
    const cells: string[] = []
    for (const { name } of tables.rows) {
      const { rows } = await client.query<unknown[]>({ text: `SELECT * FROM "${name}"`, rowMode: 'array' })
      for (const row of rows)
        cells.push(...row.map((cell) => (cell instanceof Date ? cell.toISOString() : String(cell))))
    }
    return cells
  } finally {
    await client.end()
  }
}

/** The texts of a cell, and of what it may be the writing of: JSON in JSON, base64url of text. */
function readings(cell: string): string[] {
  const parts = cell.split(/[^\w+/=-]+/).filter((part) => part.length > 20)
  return [cell, ...parts.map((part) => Buffer.from(part, 'base64url').toString('latin1'))]
}

const JWE = /eyJ[\w-]+\.[\w-]*\.[\w-]+\.[\w-]+\.[\w-]+/g

type Secrets = { user: string; passphrase: string; codes: readonly string[]; salt: string; slotIds: readonly string[] }

const utf8 = (text: string) => Buffer.from(text)
const hkdf = (secret: Buffer, info: string) => Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), utf8(info), 32))

const known = new Map<string, Buffer>()

/** What two right answers come to, by the table of the formats and node's own functions. */
function stretched(pair: (typeof PAIRS)[number], salt: string): Buffer {
  const before = known.get(pair + salt)
  if (before) return before
  const { first, second } = indexesOf(pair)
  const joined = [first, second].map((index) => (ANSWERS[index] ?? '').replaceAll(' ', '')).join('|')
  const bytes = pbkdf2Sync(utf8(joined), Buffer.from(salt, 'base64url'), 600_000, 32, 'sha512')
  known.set(pair + salt, bytes)
  return bytes
}

/** Opens an envelope of direct encryption under a key, or throws. */
function openDirect(envelope: string, key: Buffer): Buffer {
  const [head = '', , iv = '', body = '', tag = ''] = envelope.split('.')
  return openGcm(
    key,
    Buffer.from(iv, 'base64url'),
    utf8(head),
    Buffer.from(body, 'base64url'),
    Buffer.from(tag, 'base64url'),
  )
}

function openGcm(key: Buffer, iv: Buffer, aad: Buffer, body: Buffer, tag: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: 16 })
  decipher.setAAD(aad)
  decipher.setAuthTag(tag)
  return Buffer.concat([decipher.update(body), decipher.final()])
}

/** Each key that the right secrets give, for each slot. */
async function keysOf({ user, codes, salt, slotIds }: Secrets): Promise<Buffer[]> {
  const answers = PAIRS.map((pair) => stretched(pair, salt))
  const bytesOfCodes = codes.map(bytesOfCode)
  const derived = slotIds.flatMap((slot) => [
    ...bytesOfCodes.map((code) => hkdf(code, `latchkey/v1/code-kek|${user}|${slot}`)),
    ...answers.map((secret) => hkdf(secret, `latchkey/v1/answers-kek|${user}|${slot}`)),
  ])
  const verifiers = await Promise.all(codes.map((code) => verifierOfCode(code, user)))
  const shown = [...verifiers, ...PAIRS.map((pair) => verifierOfAnswers(pair, salt, user))]
  return [...derived, ...answers, ...shown.map((verifier) => Buffer.from(verifier, 'base64url'))]
}

const verifierOfAnswers = (pair: (typeof PAIRS)[number], salt: string, user: string): string => {
  const { first, second } = indexesOf(pair)
  return hkdf(stretched(pair, salt), `latchkey/v1/answers-verifier|${user}|${first}|${second}`).toString('base64url')
}

function bytesOfCode(code: string): Buffer {
  let number = 0n
  for (const letter of code.replaceAll('-', '')) {
    number = number * 32n + BigInt('0123456789ABCDEFGHJKMNPQRSTVWXYZ'.indexOf(letter))
  }
  return Buffer.from(number.toString(16).padStart(30, '0'), 'hex')
}

/** How many envelopes among these texts the right secrets open. */
async function opened(texts: readonly string[], secrets: Secrets): Promise<{ envelopes: number; opened: number }> {
  const keys = await keysOf(secrets)
  const envelopes = new Set(texts.flatMap(readings).flatMap((text) => text.match(JWE) ?? []))
  let count = 0
  for (const envelope of envelopes) {
    const byKeys = keys.some((key) => succeeds(() => openDirect(envelope, key)))
    const byPassphrase = await readPassphraseSlot(envelope, secrets.passphrase).then(
      () => true,
      () => false,
    )
    if (byKeys || byPassphrase) count += 1
  }
  return { envelopes: envelopes.size, opened: count }
}

/** How many of the server's own seals these keys open: it seals under none that a person's secret gives. */
async function unsealed(texts: readonly string[], secrets: Secrets): Promise<{ seals: number; opened: number }> {
  const keys = await keysOf(secrets)
  const seals = texts.flatMap((text) => text.match(/v1\.\w+\.[\w-]{38,}/g) ?? [])
  const opens = (seal: string) => {
    const [, keyId = '', body = ''] = seal.split('.')
    const bytes = Buffer.from(body, 'base64url')
    const parts = [bytes.subarray(0, 12), bytes.subarray(12, -16), bytes.subarray(-16)] as const
    return keys.some((key) =>
      ['', `["latchkey/v1","seal-key-slots","${keyId}"]`].some((aad) =>
        succeeds(() => openGcm(key, parts[0], utf8(aad), parts[1], parts[2])),
      ),
    )
  }
  return { seals: seals.length, opened: seals.filter(opens).length }
}

function succeeds(work: () => unknown): boolean {
  try {
    work()
    return true
  } catch {
    return false
  }
}

/** An account of a real client, with passphrase, codes and three questions; and the recovery that waits. */
async function account() {
  const app = await startRoomyApp()
  const { client, codes, email } = await encryptedDevice(app)
  const { browser, userId } = await signIn(app, email)
  const user = userId.slice(userId.indexOf('_') + 1)
  const { systemDb } = app.services.database
  const master = await masterOf(app, user, codes[0] ?? '')
  await client.encryption.setSecurityQuestions({ passphrase: PASSPHRASE, questions: WORDS, answers: ANSWERS })
  const { questionsSalt: salt } = await client.encryption.recoveryStatus()
  if (!salt) throw new Error('The questions have no salt.')
  await client.collection<{ body: string }>('notes', { encrypted: ['body'] }).create({ body: NOTE })
  await client.encryption.lock()
  const slots = await systemDb.keySlot.findMany({ where: { userId: user } })
  const secrets: Secrets = { user, passphrase: PASSPHRASE, codes, salt, slotIds: slots.map(({ id }) => id) }
  await passTime(app, user, 7 * DAY)
  await initiate(browser, 'SECURITY_QUESTIONS')
  return { app, browser, slots, secrets, master }
}

/** The master key, by a code and the server's keys. */
async function masterOf(app: TestApp, user: string, code: string): Promise<Buffer> {
  const verifier = await verifierOfCode(code, user)
  const slots = await app.services.database.systemDb.keySlot.findMany({ where: { userId: user } })
  const slot = slots.find(({ verifierHash }) => {
    const [keyId = '', hash] = verifierHash?.split('.') ?? []
    return hash !== undefined && app.services.keys.mac('verifiers', JSON.stringify([user, verifier]), keyId) === hash
  })
  if (!slot) throw new Error('No slot has the verifier of the code.')
  const envelope = unseal(app.services.keys, 'seal-key-slots', slot.envelope, [user, slot.id, slot.kind])
  return readCodeSlot(envelope, code, user, slot.id)
}

describe('a leaked database', { timeout: 180_000 }, () => {
  test('with the right passphrase, codes and answers, and without the server keys, nothing in it opens', async () => {
    const { app, slots, secrets, master } = await account()
    const cells = await cellsOf(app)
    const found = await opened(cells, secrets)
    expect(found).toEqual({ envelopes: 2, opened: 0 }) // the ring and the note
    const seals = await unsealed(cells, secrets)
    expect(seals.opened).toBe(0)

    // The same tries open each slot once the server's keys have taken their seal away, so they are not idle.
    expect(slots).toHaveLength(12)
    const envelopes = slots.map(({ id, kind, envelope }) =>
      unseal(app.services.keys, 'seal-key-slots', envelope, [secrets.user, id, kind]),
    )
    expect(await opened(envelopes, secrets)).toEqual({ envelopes: 12, opened: 12 })
    expect(seals.seals).toBeGreaterThanOrEqual(13) // twelve slots and the questions
    // And the search finds what is there to be found: the ring, which the master key opens, and nothing else of all this.
    const rings = cells.flatMap((cell) => cell.match(JWE) ?? [])
    expect(rings.filter((ring) => succeeds(() => openDirect(ring, master)))).toHaveLength(1)
    for (const word of [...WORDS, ...ANSWERS, NOTE, PASSPHRASE, ...secrets.codes]) {
      expect(cells.filter((cell) => cell.includes(word))).toEqual([])
    }
  })

  test('what it holds of verifiers and links is not what is shown: nothing in it releases or stops anything', async () => {
    const { app, browser, secrets } = await account()
    const cells = await cellsOf(app)
    const tokens = new Set(cells.flatMap((cell) => cell.match(/(?<![\w-])[\w-]{43}(?![\w-])/g) ?? []))
    expect(tokens.size).toBeGreaterThan(12)
    for (const token of tokens) {
      expect((await cancelBy(app.browser(), token)).code).toBe('LINK_INVALID')
      expect((await showCode(browser, token)).code).toBe('PROOF_INVALID')
    }
    // Nor do the right verifiers, hashed without a key, stand in it: a guesser would know by that when a guess was right.
    const verifiers = [
      ...(await Promise.all(secrets.codes.map((code) => verifierOfCode(code, secrets.user)))),
      ...PAIRS.map((pair) => verifierOfAnswers(pair, secrets.salt, secrets.user)),
    ]
    const everything = cells.join('\n')
    for (const verifier of verifiers) {
      const texts = [verifier, JSON.stringify([secrets.user, verifier]), `${secrets.user}|${verifier}`]
      const inputs = [...texts.map(utf8), Buffer.from(verifier, 'base64url')]
      const hashes = inputs.flatMap((input) => [
        createHash('sha256').update(input).digest(),
        createHmac('sha256', '').update(input).digest(),
        createHmac('sha256', utf8(secrets.user)).update(input).digest(),
      ])
      for (const bytes of [Buffer.from(verifier, 'base64url'), ...hashes]) {
        for (const form of ['base64url', 'base64', 'hex'] as const) {
          expect(everything.includes(bytes.toString(form).replace(/=+$/, ''))).toBe(false)
        }
      }
    }
    expect(answered(await showCode(browser, verifiers[0] ?? '')).payload.slot).not.toBeNull()
  })
})
