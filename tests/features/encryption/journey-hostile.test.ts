import { describe, expect, test, vi } from 'vitest'
import { isLatchkeyError, type LatchkeyClient } from '../../../src/client/index.ts'
import {
  encryptedDevice,
  operationIn,
  PASSPHRASE,
  signInDevice,
  startRoomyApp,
  steadyPerson,
  unlockedDevice,
  type Network,
} from '../../support/devices.ts'
import { rowId } from '../../support/passkeys.ts'
import { DAY } from '../../attacks/recovery-support.ts'
import { letFreshStartPass } from '../recovery/support.ts'

// A server that lies, and what of a person's secrets the honest one gets to see.

type Note = { title?: string; body?: string }
type Json = Record<string, unknown>

const notesOf = (client: LatchkeyClient) => client.collection<Note>('notes', { encrypted: ['body'], sealed: [] })

const refused = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => expect.unreachable('It should have been refused.'),
    (error: unknown) => (isLatchkeyError(error) ? error.code : error),
  )

/** A network on which answers can be put in the place of others, by the name of what was asked for. */
function lyingNetwork() {
  const lies = new Map<string, (data: Json, variables: unknown) => Json>()
  const heard = new Map<string, Json>()
  const network: Network = (send) => async (input, init) => {
    const { name, variables } = operationIn(init)
    const response = await send(input, init)
    const answer = (await response.json()) as { data: Json | null } // a GraphQL answer
    const data = answer.data ?? {}
    if (!lies.has(name)) heard.set(name, structuredClone(data))
    const lie = lies.get(name)
    return Response.json(lie ? { data: lie(structuredClone(data), variables) } : answer)
  }
  return { network, lies, heard }
}

/** Somebody with a device behind such a network. */
async function deceived() {
  const app = await startRoomyApp()
  const line = lyingNetwork()
  const store = new Map<string, string>()
  const storage = {
    getItem: (key: string) => store.get(key) ?? null,
    setItem: (k: string, v: string) => void store.set(k, v),
  }
  const device = await encryptedDevice(app, undefined, { network: line.network, encryption: { storage } })
  return { app, storage, ...line, ...device, notes: notesOf(device.client) }
}

const within = (data: Json, ...path: string[]): Json => path.reduce((at, name) => at[name] as Json, data) // the answer's form

describe('R5: a hostile server', () => {
  test('that swaps the ciphertexts of two records, or brings an older one back, is found out', async () => {
    const { notes, lies } = await deceived()
    const [one, two] = [await notes.create({ body: 'one' }), await notes.create({ body: 'two' })]
    const envelope = one.origin.record.encryptedData
    lies.set('Record', (data) => {
      within(data, 'record')['encryptedData'] = envelope
      return data
    })
    const swapped = await notes.get(two.id)
    expect(swapped).toMatchObject({ keyState: 'UNREADABLE', value: {} })
    expect(swapped && (await refused(notes.update(swapped, { body: 'over it' })))).toBe('CIPHERTEXT_REFUSED')

    await notes.update(one, { body: 'newer' })
    for (const revision of [1, 2, 3]) {
      lies.set('Record', (data) => {
        Object.assign(within(data, 'record'), { encryptedData: envelope, revision })
        return data
      })
      expect(await notes.get(one.id), `at ${revision}`).toMatchObject({ keyState: 'UNREADABLE', value: {} })
    }
    lies.clear()
    expect((await notes.get(one.id))?.value).toEqual({ body: 'newer' })
  })

  test('that answers with another record is refused', async () => {
    const { notes, lies } = await deceived()
    const [one, two] = [await notes.create({ body: 'one' }), await notes.create({ body: 'two' })]
    lies.set('Record', () => ({ record: one.origin.record }))
    expect(await refused(notes.get(two.id))).toBe('UNEXPECTED_ANSWER')
  })

  test('that puts a plain field where an encrypted one is looked for never passes it off as the owner’s', async () => {
    const { client, notes, lies } = await deceived()
    const note = await notes.create({ title: 'A', body: 'mine' })
    const forge = (changes: Json) =>
      lies.set('Record', (data) => {
        Object.assign(within(data, 'record'), { data: { body: 'forged', other: 1 }, ...changes })
        return data
      })
    forge({})
    expect(await notes.get(note.id)).toMatchObject({ keyState: 'OPEN', value: { title: 'A', body: 'mine', other: 1 } })
    forge({ encryptedData: null })
    expect(await notes.get(note.id)).toMatchObject({ keyState: 'NONE', value: { title: 'A', other: 1 } })
    // One that the owner's part does not have.
    const wider = client.collection<Note & { mood?: string }>('notes', { encrypted: ['body', 'mood'] })
    forge({ data: { mood: 'forged' } })
    expect(await wider.get(note.id)).toMatchObject({ keyState: 'UNVERIFIED', value: { body: 'mine', mood: 'forged' } })
    await client.encryption.lock()
    const locked = await wider.get(note.id)
    expect(locked?.keyState).toBe('LOCKED')
    expect(locked?.value).toEqual({ title: 'A' })
  })

  test('that answers a write without having kept it is refused', async () => {
    const { notes, lies } = await deceived()
    const note = await notes.create({ body: 'one' })
    lies.set('UpdateRecord', () => ({ updateRecord: note.origin.record }))
    expect(await refused(notes.update(note, { body: 'two' }))).toBe('UNEXPECTED_ANSWER')
  })

  test('that brings back old keys is refused, by this page and by the next one on this device', async () => {
    const { client, app, email, storage, lies, heard } = await deceived()
    await client.encryption.lock()
    await client.encryption.unlock({ passphrase: PASSPHRASE })
    const old = structuredClone(heard.get('EncryptionKeys') ?? {})
    await client.encryption.rotate()
    lies.set('EncryptionKeys', () => old)
    await client.encryption.lock()
    expect(await refused(client.encryption.unlock({ passphrase: PASSPHRASE }))).toBe('KEYS_ROLLED_BACK')
    const next = lyingNetwork()
    next.lies.set('EncryptionKeys', () => old)
    const page = await signInDevice(app, email, { network: next.network, encryption: { storage } })
    expect(await refused(page.encryption.unlock({ passphrase: PASSPHRASE }))).toBe('KEYS_ROLLED_BACK')
    next.lies.clear()
    expect(await page.encryption.unlock({ passphrase: PASSPHRASE })).toMatchObject({ kind: 'Unlocked' })
  })

  test('that was restored from a backup is accepted once its user says so, and only then', async () => {
    const { client, app, email, storage, lies, heard } = await deceived()
    await client.encryption.lock()
    await client.encryption.unlock({ passphrase: PASSPHRASE })
    const restored = structuredClone(heard.get('EncryptionKeys') ?? {})
    await client.encryption.rotate()
    lies.set('EncryptionKeys', () => restored)
    expect(await refused(client.encryption.unlock({ passphrase: PASSPHRASE }))).toBe('KEYS_ROLLED_BACK')
    await client.encryption.acceptOlderKeys()
    expect(client.encryption.isUnlocked).toBe(false)
    expect(await client.encryption.unlock({ passphrase: PASSPHRASE })).toMatchObject({ kind: 'Unlocked' })
    expect(client.encryption.state).toMatchObject({ ringRevision: 1 })
    const next = lyingNetwork()
    next.lies.set('EncryptionKeys', () => restored)
    const page = await signInDevice(app, email, { network: next.network, encryption: { storage } })
    expect(await page.encryption.unlock({ passphrase: PASSPHRASE })).toMatchObject({ kind: 'Unlocked' })
  })

  test('that brings back old keys is given nothing of what a fresh start gave up', async () => {
    const { app, client, email, storage, notes, lies, heard } = await deceived()
    const note = await notes.create({ body: 'of the first keys' })
    await client.encryption.requestFreshStart(email)
    await letFreshStartPass(app, rowId((await client.me())?.id ?? ''), 7 * DAY)
    const passphrase = 'gravel lantern mimic trombone ochre sudden'
    expect(await client.encryption.completeFreshStart(steadyPerson(passphrase))).toMatchObject({ kind: 'Enabled' })
    const old = structuredClone(heard.get('EncryptionKeys') ?? {})
    // Another page of this device has seen newer ones.
    const page = await unlockedDevice(app, email, { passphrase, encryption: { storage } })
    await page.encryption.rotate()
    lies.set('EncryptionKeys', () => old)
    expect(await refused(client.encryption.takeBackFormer({ passphrase: PASSPHRASE }))).toBe('KEYS_ROLLED_BACK')
    lies.clear()
    expect(await client.encryption.takeBackFormer({ passphrase: PASSPHRASE })).toMatchObject({ records: 1 })
    expect(await notes.get(note.id)).toMatchObject({ value: { body: 'of the first keys' } })
  })

  test('that lowers the rounds, swaps the public key, or gives another account’s keys, opens nothing', async () => {
    const { app, client, lies, heard } = await deceived()
    const stranger = lyingNetwork()
    await encryptedDevice(app, undefined, { network: stranger.network })
    await client.encryption.lock()
    const theirs = within(stranger.heard.get('EncryptionKeys') ?? {}, 'encryptionKeys')
    const own = heard.get('EncryptionKeys') ?? {}
    const withKeys = (changes: Json) => () => ({
      ...own,
      encryptionKeys: { ...within(own, 'encryptionKeys'), ...changes },
    })
    const slots = within(own, 'encryptionKeys')['slots'] as Json[]
    const fewerRounds = slots.map((slot) => ({
      ...slot,
      envelope: withHeader(slot['envelope'] as string, { p2c: 1_000 }),
    }))
    const lie: [string, Json][] = [
      ['fewer rounds', { slots: fewerRounds }],
      ['another public key', { publicKey: theirs['publicKey'] }],
      ['another ring', { encryptedPrivateKey: theirs['encryptedPrivateKey'] }],
      ['other slots', { slots: theirs['slots'] }],
      ['another key in force', { keyId: theirs['keyId'] }],
      ['all of another', theirs],
    ]
    for (const [what, changes] of lie) {
      lies.set('EncryptionKeys', withKeys(changes))
      expect(await refused(client.encryption.unlock({ passphrase: PASSPHRASE })), what).toBe('KEYS_REFUSED')
      expect(client.encryption.isUnlocked, what).toBe(false)
    }
    lies.clear()
    await client.encryption.unlock({ passphrase: PASSPHRASE })
  })

  test('that says KEY_ROTATED for ever, or never runs out of records to write anew, is left', async () => {
    const app = await startRoomyApp()
    const line = lyingNetwork()
    let [writes, isLying] = [0, false]
    const network: Network = (send) => {
      const honest = line.network(send)
      return async (input, init) => {
        const { name } = operationIn(init)
        if (!isLying || name !== 'CreateRecord') return honest(input, init)
        writes += 1
        const extensions = { code: 'KEY_ROTATED', keyId: 'A'.repeat(43) }
        return Response.json({ data: null, errors: [{ message: 'No.', path: ['createRecord'], extensions }] })
      }
    }
    const { client } = await encryptedDevice(app, undefined, { network })
    const note = await notesOf(client).create({ body: 'one' })
    isLying = true
    expect(await refused(notesOf(client).create({ body: 'two' }))).toBe('KEY_ROTATED')
    expect(writes).toBeLessThan(10)

    const { id, revision, encryptedData } = note.origin.record
    const answered: number[] = []
    line.lies.set('RecordsToReencrypt', () => ({ recordsToReencrypt: [{ id, revision, encryptedData }] }))
    line.lies.set('ReencryptRecords', (_data, variables) => {
      const { input } = variables as { input: { id: string }[] } // as the SDK sends it
      answered.push(input.length)
      const rotation = { fromKeyId: 'a', toKeyId: 'b', recordsLeft: 1, startedAt: '', finishedAt: null }
      return { reencryptRecords: { records: [], conflicts: input.map((one) => one.id), rotation } }
    })
    const outcome = await client.encryption.rotate()
    expect(outcome).toMatchObject({ kind: 'Rotated', rotation: { recordsLeft: 1 } })
    expect(answered.length).toBeLessThan(10)
    line.lies.clear()
    expect((await notesOf(client).get(id))?.value).toEqual({ body: 'one' })
  })
})

test('R5: a server that finds new records to write anew for ever, or new keys, is left', async () => {
  const { client, notes, lies } = await deceived()
  const { id } = await notes.create({ body: 'one' })
  let asked = 0
  const rotation = { fromKeyId: 'a', toKeyId: 'b', recordsLeft: 7, startedAt: '', finishedAt: null }
  lies.set('RecordsToReencrypt', (_data, variables) => {
    const { after, first } = variables as { after: string | null; first: number } // as the SDK sends it
    const start = after === null ? 0 : parseInt(after.slice(-12), 16)
    asked += 1
    if (asked > 50) throw new Error('It goes on for ever.')
    const recordsToReencrypt = Array.from({ length: first }, (_, n) => ({
      id: `record_01900000-0000-7000-8000-${(start + n + 1).toString(16).padStart(12, '0')}`,
      revision: 1,
      encryptedData: 'that.does.not.open.x',
    }))
    return { recordsToReencrypt }
  })
  expect(await refused(client.encryption.rotate())).toBe('KEYS_REFUSED')
  expect(asked).toBeLessThan(5)

  // Records that do open, and that it says it has written, each time another one.
  asked = 0
  const current = await client.record(id)
  lies.set('RecordsToReencrypt', (_data, variables) => {
    const { after } = variables as { after: string | null } // as the SDK sends it
    asked += 1
    if (asked > 2_000) throw new Error('It goes on for ever.')
    const envelope = current?.encryptedData ?? ''
    return { recordsToReencrypt: after === null ? [{ id, revision: current?.revision, encryptedData: envelope }] : [] }
  })
  lies.set('ReencryptRecords', (_data, variables) => {
    const { input } = variables as { input: { id: string; revision: number }[] } // as the SDK sends it
    const records = input.map((one) => ({ id: one.id, revision: one.revision }))
    return { reencryptRecords: { records, conflicts: [id], rotation } }
  })
  expect(await refused(client.encryption.resumeRotation())).toBe('KEYS_REFUSED')
  expect(asked).toBeLessThan(500)
  lies.clear()
  expect((await notes.get(id))?.value).toEqual({ body: 'one' })
})

test('D6: no request holds a passphrase, a code, a key, or what is encrypted', async () => {
  const secrets = new Map<string, string>()
  const told: unknown[] = []
  const importKey = crypto.subtle.importKey.bind(crypto.subtle)
  // Whatever becomes a key was a secret: passphrases, codes, the master key, record keys, the key of each envelope.
  vi.spyOn(crypto.subtle, 'importKey').mockImplementation(((...args: Parameters<typeof importKey>) => {
    const [format, data]: [string, unknown] = [args[0], args[1]] // of its forms, TypeScript takes the last alone
    if (format === 'raw') remember(Buffer.from(new Uint8Array(data as ArrayBufferLike)), 'raw key') // what is imported raw is bytes
    if (format === 'jwk') {
      const { d, k } = data as JsonWebKey
      for (const part of [d, k]) if (part) remember(Buffer.from(part, 'base64url'), 'JWK')
    }
    return importKey(...args)
  }) as typeof importKey)

  function remember(bytes: Buffer, what: string): void {
    if (bytes.length < 10) return
    for (const form of ['base64', 'base64url', 'hex', 'latin1'] as const) {
      const text = bytes.toString(form).replace(/=+$/, '')
      secrets.set(form === 'latin1' ? JSON.stringify(text).slice(1, -1) : text, what)
    }
  }

  const app = await startRoomyApp()
  const bodies: string[] = []
  const network: Network = (send) => (input, init) => {
    bodies.push(operationIn(init).text)
    return send(input, init)
  }
  const next = 'gravel lantern mimic trombone ochre sudden'
  const client = await signInDevice(app, undefined, { network })
  const codes: string[] = []
  const setUp = steadyPerson(PASSPHRASE, codes)
  await client.encryption.setup(setUp)
  const all = [...codes]
  const made = await notesOf(client).create({ title: 'plain title', body: 'canary in the create' })
  await notesOf(client).update(made, { body: 'canary in the update' })
  await client.encryption.changePassphrase({ current: PASSPHRASE, next })
  const replaced = await client.encryption.regenerateRecoveryCodes({ passphrase: next })
  if (replaced.kind === 'Replaced') all.push(...replaced.codes)
  await client.encryption.rotate()
  await client.encryption.rotate({
    everything: {
      passphrase: next,
      newPassphrase: `${next} again`,
      showCodes: (shown) => all.push(...shown.codes) > 0,
    },
  })
  const other = await unlockedDevice(app, (await client.me())?.email ?? '', { network, passphrase: `${next} again` })
  expect((await notesOf(other).get(made.id))?.value.body).toBe('canary in the update')
  other.encryption.onChange((state) => told.push(state))
  told.push(client.encryption.state)

  expect(all).toHaveLength(24)
  for (const code of all) {
    for (const form of [code, code.replaceAll('-', ''), code.toLowerCase()]) secrets.set(form, 'a code')
  }
  for (const text of [PASSPHRASE, next, 'canary in the create', 'canary in the update']) {
    secrets.set(text, text)
    secrets.set(Buffer.from(text).toString('base64url'), text)
  }
  expect(secrets.size).toBeGreaterThan(100)
  const sent = [...bodies, JSON.stringify(told)].join('\n')
  expect(sent).toContain('plain title') // what is looked through is what was sent
  for (const [secret, what] of secrets) expect(sent.includes(secret), what).toBe(false)
})

/** An envelope whose header says something else. */
function withHeader(envelope: string, changes: Json): string {
  const [header = '', ...rest] = envelope.split('.')
  const before = JSON.parse(Buffer.from(header, 'base64url').toString()) as Json // a header as the SDK makes it
  return [Buffer.from(JSON.stringify({ ...before, ...changes })).toString('base64url'), ...rest].join('.')
}
