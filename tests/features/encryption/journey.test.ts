import { describe, expect, test } from 'vitest'
import { isLatchkeyError, ItemConflict, type LatchkeyClient } from '../../../src/client/index.ts'
import type { TestApp } from '../../support/app.ts'
import {
  encryptedDevice,
  operationIn,
  PASSPHRASE,
  signInDevice,
  startRoomyApp,
  steadyPerson,
  unlockedDevice,
} from '../../support/devices.ts'
import { newAddress } from '../../support/people.ts'

// What an app does with the SDK, from one end to the other: the real server, over HTTP.

type Note = { title?: string; colour?: string; body?: string; mood?: { score: number }; pin?: string; hint?: string }

const notesOf = (client: LatchkeyClient) =>
  client.collection<Note>('notes', { encrypted: ['body', 'mood'], sealed: ['pin', 'hint'] })

const refused = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => expect.unreachable('It should have been refused.'),
    (error: unknown) => (isLatchkeyError(error) ? error.code : error),
  )

describe('switching encryption on', () => {
  test('shows its steps in order, repeats what is not right, and switches on at the end alone', async () => {
    const app = await startRoomyApp()
    const client = await signInDevice(app)
    const told: string[] = []
    let shown: readonly string[] = []
    const outcome = await client.encryption.setup({
      explain: ({ lost }) => {
        told.push(`explain ${lost.length > 0}`)
        return true
      },
      choosePassphrase: async ({ proposal, estimate, fault }) => {
        told.push(`choose ${fault ? fault.weak : 'first'}`)
        expect((await estimate(proposal)).weak).toBe(false)
        return fault ? proposal : 'password1234'
      },
      showCodes: async ({ codes }) => {
        told.push('codes')
        shown = codes
        expect(new Set(codes).size).toBe(8)
        return true
      },
      typeBack: async ({ positions, fault }) => {
        told.push(`type back ${fault ? positions.indexOf(fault.position) : 'first'}`)
        expect((await client.encryption.status()).enabled).toBe(false)
        const [one = '', two = ''] = positions.map((position) => shown[position - 1])
        if (!fault) return [one, one]
        return [` ${one.toLowerCase().replaceAll('-', ' ')}`, two.replaceAll('0', 'o').replaceAll('1', 'l')]
      },
    })
    expect(outcome).toMatchObject({
      kind: 'Enabled',
      status: { enabled: true, recoveryCodesLeft: 8, generation: 1, ringRevision: 1, rotation: null },
    })
    expect(told).toEqual(['explain true', 'choose first', 'choose true', 'codes', 'type back first', 'type back 1'])
    expect(client.encryption.isUnlocked).toBe(true)
    expect((await client.session())?.encryptionEnabled).toBe(true)
    expect(await refused(client.encryption.setup(steadyPerson()))).toBe('ENCRYPTION_ON')
  })

  test('can be called off at each step, and then nothing was switched on', async () => {
    const app = await startRoomyApp()
    const client = await signInDevice(app)
    const off = { explain: () => false, choosePassphrase: () => null, showCodes: () => false, typeBack: () => null }
    for (const [at, step] of Object.entries(off)) {
      const outcome = await client.encryption.setup({ ...steadyPerson(), [at]: step })
      expect(outcome).toEqual({ kind: 'CalledOff', at })
    }
    expect(await client.encryption.status()).toMatchObject({ enabled: false, generation: 0, ringRevision: 0 })
    expect(client.encryption.state).toEqual({ kind: 'LOCKED' })
  })

  test('switched off and on again, the count of keys goes on', async () => {
    const app = await startRoomyApp()
    const { client } = await encryptedDevice(app)
    const note = await notesOf(client).create({ body: 'in the way' })
    expect(await refused(client.encryption.disable())).toBe('RECORDS_ENCRYPTED')
    await notesOf(client).delete(note)
    expect(await client.encryption.disable()).toMatchObject({ enabled: false })
    expect(client.encryption.isUnlocked).toBe(false)
    expect(await refused(client.encryption.unlock({ passphrase: PASSPHRASE }))).toBe('ENCRYPTION_OFF')
    const again = await client.encryption.setup(steadyPerson())
    expect(again).toMatchObject({ kind: 'Enabled', status: { generation: 2, ringRevision: 2 } })
    expect((await notesOf(client).create({ body: 'anew' })).keyState).toBe('OPEN')
  })
})

describe('plain objects', () => {
  test('go in and come out, in lists and pages, on this device and another', async () => {
    const app = await startRoomyApp()
    const { client, email } = await encryptedDevice(app)
    const notes = notesOf(client)
    const written: Note = { title: 'Monday', colour: 'red', body: 'I slept badly.', mood: { score: 3 }, pin: '0000' }
    const made = await notes.create(written)
    const { pin: _, ...visible } = written
    expect(made).toMatchObject({ revision: 1, keyState: 'OPEN', value: visible })
    await notes.create({ title: 'Plain', colour: 'blue' })
    for (let n = 0; n < 4; n++) await notes.create({ title: `Note ${n}`, body: `Body ${n}` })
    await client.createRecord({ collection: 'others', title: 'Not a note' })

    const raw = await client.record(made.id)
    expect(raw).toMatchObject({ title: 'Monday', data: { colour: 'red' } })
    expect(JSON.stringify(raw)).not.toMatch(/slept|score|0000/)

    const other = notesOf(await unlockedDevice(app, email))
    const page = await other.page({ first: 2 })
    expect(page.items.map(({ value }) => value)).toEqual([
      { title: 'Note 3', body: 'Body 3' },
      { title: 'Note 2', body: 'Body 2' },
    ])
    const next = await other.page({ first: 2, after: page.pageInfo.endCursor })
    expect(next.items.map(({ value }) => value.title)).toEqual(['Note 1', 'Note 0'])
    const all = await listed(other.all())
    expect(all.map(({ keyState }) => keyState)).toEqual(['OPEN', 'OPEN', 'OPEN', 'OPEN', 'NONE', 'OPEN'])
    expect(all.at(-1)).toMatchObject({ id: made.id, value: visible })
    expect(await listed(other.all({ titleContains: 'mon' }))).toHaveLength(1)
    expect(await other.getSealed(made)).toEqual({ pin: '0000' })
    expect(await other.get('record_01900000-0000-7000-8000-000000000000')).toBeNull()
  })

  test('an update changes what it names, takes away what is undefined, and sends nothing when nothing changes', async () => {
    const app = await startRoomyApp()
    const bodies: string[] = []
    const { client } = await encryptedDevice(app, newAddress(), {
      network: (send) => (input, init) => {
        bodies.push(typeof init?.body === 'string' ? init.body : '')
        return send(input, init)
      },
    })
    const notes = notesOf(client)
    let note = await notes.create({
      title: 'A',
      colour: 'red',
      body: 'one',
      mood: { score: 1 },
      pin: '1',
      hint: 'first',
    })

    note = await notes.update(note, { title: 'B' })
    expect(note).toMatchObject({ revision: 2, keyState: 'OPEN', value: { title: 'B', body: 'one', colour: 'red' } })
    note = await notes.update(note, { mood: { score: 2 } })
    expect(note).toMatchObject({ revision: 3, value: { title: 'B', body: 'one', mood: { score: 2 } } })
    note = await notes.update(note, { body: undefined, colour: undefined })
    expect(note.value).toEqual({ title: 'B', mood: { score: 2 } })
    note = await notes.update(note, { pin: '2' })
    expect(await notes.getSealed(note)).toEqual({ pin: '2', hint: 'first' })
    note = await notes.update(note, { pin: undefined, hint: undefined })
    expect(await notes.getSealed(note)).toEqual({})

    const before = bodies.length
    expect(await notes.update(note, { title: 'B', mood: { score: 2 } })).toBe(note)
    expect(bodies).toHaveLength(before)
    note = await notes.update(note, { mood: undefined })
    expect(note).toMatchObject({ keyState: 'NONE', value: { title: 'B' } })
    expect((await client.record(note.id))?.encryptedData).toBeNull()
  })

  test('a field that the app changes in the value it was given is no change until it says so', async () => {
    const app = await startRoomyApp()
    const { client } = await encryptedDevice(app)
    const note = await notesOf(client).create({ body: 'kept', mood: { score: 1 } })
    if (note.value.mood) note.value.mood.score = 99
    const updated = await notesOf(client).update(note, { body: 'changed' })
    expect(updated.value).toEqual({ body: 'changed', mood: { score: 1 } })
  })

  test('two devices that change one item: one is told, with the item as it stands', async () => {
    const app = await startRoomyApp()
    const { client, email } = await encryptedDevice(app)
    const made = await notesOf(client).create({ title: 'A', body: 'one' })
    const other = notesOf(await unlockedDevice(app, email))
    const theirs = await other.get(made.id)
    if (!theirs) return expect.unreachable('The other device must see it.')
    await notesOf(client).update(made, { body: 'mine' })
    const error = await other.update(theirs, { body: 'theirs' }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ItemConflict)
    if (!(error instanceof ItemConflict)) return
    expect(isLatchkeyError(error, 'CONFLICT') && error.currentRevision).toBe(2)
    expect(error.current).toMatchObject({ revision: 2, value: { title: 'A', body: 'mine' } })
    expect(await other.delete(theirs).catch((thrown: unknown) => thrown)).toBeInstanceOf(ItemConflict)
    await other.delete(error.current)
    expect(await other.get(made.id)).toBeNull()
  })
})

test('an answer that a later one has overtaken is not taken for a record that was tampered with', async () => {
  const app = await startRoomyApp()
  let hold: Promise<void> | null = null
  let answered = (): void => {}
  const isAnswered = new Promise<void>((resolve) => (answered = resolve))
  const { client } = await encryptedDevice(app, newAddress(), {
    network: (send) => async (input, init) => {
      const answer = await send(input, init)
      if (operationIn(init).name === 'Records' && hold) {
        answered()
        await hold
      }
      return answer
    },
  })
  const notes = notesOf(client)
  const made = await notes.create({ body: 'one' })
  let release = (): void => {}
  hold = new Promise((resolve) => (release = resolve))
  const page = notes.page()
  await isAnswered // with the first
  await notes.update(made, { body: 'two' })
  release()
  expect((await page).items).toMatchObject([{ keyState: 'OPEN', revision: 2, value: { body: 'two' } }])
})

describe('locked', () => {
  test('what is read is marked, what is plain can be written, and what is encrypted cannot', async () => {
    const app = await startRoomyApp()
    const { client, email } = await encryptedDevice(app)
    await notesOf(client).create({ title: 'A', colour: 'red', body: 'hidden' })
    const locked = await signInDevice(app, email)
    const notes = notesOf(locked)
    const [note] = (await notes.page()).items
    if (!note) return expect.unreachable('There is a note.')
    expect(note).toMatchObject({ keyState: 'LOCKED', value: { title: 'A', colour: 'red' } })
    expect(note.value).not.toHaveProperty('body')
    const titled = await notes.update(note, { title: 'B' })
    expect(titled).toMatchObject({ revision: 2, keyState: 'LOCKED' })
    expect(await refused(notes.update(titled, { body: 'over it' }))).toBe('ENCRYPTION_LOCKED')
    expect(await refused(notes.create({ body: 'new' }))).toBe('ENCRYPTION_LOCKED')
    expect(await refused(locked.encryption.encryptRecord('x', { id: note.id, revision: 3 }))).toBe('ENCRYPTION_LOCKED')
    await locked.encryption.unlock({ passphrase: PASSPHRASE })
    expect((await notes.update(titled, { body: 'over it' })).value).toMatchObject({ title: 'B', body: 'over it' })
  })

  test('whoever needs the keys at once waits for one question, and goes on', async () => {
    const app = await startRoomyApp()
    const { client, email } = await encryptedDevice(app)
    for (let n = 0; n < 3; n++) await notesOf(client).create({ body: `body ${n}` })
    const asked: string[] = []
    let answer = false
    const device = await signInDevice(app, email, {
      encryption: {
        onUnlockRequired: async ({ reason, service }) => {
          asked.push(reason)
          if (answer) await service.unlock({ passphrase: PASSPHRASE })
          return answer
        },
      },
    })
    const notes = notesOf(device)
    expect((await notes.page()).items.map(({ keyState }) => keyState)).toEqual(['LOCKED', 'LOCKED', 'LOCKED'])
    expect(await refused(notes.create({ body: 'no' }))).toBe('ENCRYPTION_LOCKED')
    expect(asked).toHaveLength(2)

    answer = true
    const [page, made] = await Promise.all([notes.page(), notes.create({ body: 'yes' }), notes.page()])
    expect(asked).toEqual(['LOCKED', 'LOCKED', 'LOCKED'])
    expect(page.items.slice(-3).map(({ keyState }) => keyState)).toEqual(['OPEN', 'OPEN', 'OPEN'])
    expect(made.value).toEqual({ body: 'yes' })
  })

  test('a wrong passphrase opens nothing, and logging out locks', async () => {
    const app = await startRoomyApp()
    const { client } = await encryptedDevice(app)
    const states: string[] = []
    const stop = client.encryption.onChange(({ kind }) => states.push(kind))
    await client.encryption.lock()
    expect(await refused(client.encryption.unlock({ passphrase: `${PASSPHRASE}x` }))).toBe('SECRET_WRONG')
    expect(client.encryption.isUnlocked).toBe(false)
    expect(await client.encryption.unlock({ passphrase: PASSPHRASE })).toEqual({ kind: 'Unlocked', rotation: null })
    await client.logout()
    expect(states).toEqual(['LOCKED', 'UNLOCKED', 'LOCKED'])
    stop()
  })

  test('a session that was ended elsewhere locks at its next answer', async () => {
    const app = await startRoomyApp()
    const { client, email } = await encryptedDevice(app)
    const other = await signInDevice(app, email)
    await other.revokeOtherSessions()
    expect(client.encryption.isUnlocked).toBe(true)
    expect(await refused(client.records())).toBe('UNAUTHENTICATED')
    expect(client.encryption.isUnlocked).toBe(false)
  })

  test('whoever signs in next on the same page finds no keys of the one before', async () => {
    const app = await startRoomyApp()
    const { client } = await encryptedDevice(app)
    const [ada, grace] = [await client.me(), newAddress()]
    await client.requestMagicLink({ email: grace })
    const { text } = await app.mailbox.latest(grace)
    await client.verifyMagicLink({ token: /#([\w-]{43})/.exec(text)?.[1] ?? '' })
    expect((await client.me())?.id).not.toBe(ada?.id)
    expect(client.encryption.isUnlocked).toBe(false)
  })
})

describe('ways to unlock', () => {
  test('a new passphrase opens, the old one no more, and what was written stays readable', async () => {
    const app = await startRoomyApp()
    const { client, email } = await encryptedDevice(app)
    const made = await notesOf(client).create({ body: 'kept' })
    const next = 'gravel lantern mimic trombone ochre sudden'
    expect(await refused(client.encryption.changePassphrase({ current: 'not it at all', next }))).toBe('SECRET_WRONG')
    expect(await refused(client.encryption.changePassphrase({ current: PASSPHRASE, next: 'letmein' }))).toBe(
      'PASSPHRASE_WEAK',
    )
    await client.encryption.changePassphrase({ current: PASSPHRASE, next })
    const other = await signInDevice(app, email)
    expect(await refused(other.encryption.unlock({ passphrase: PASSPHRASE }))).toBe('SECRET_WRONG')
    await other.encryption.unlock({ passphrase: next })
    expect((await notesOf(other).get(made.id))?.value).toEqual({ body: 'kept' })
  })

  test('new codes take the place of the old ones, or not, when it is called off', async () => {
    const app = await startRoomyApp()
    const { client, codes } = await encryptedDevice(app)
    const slotsBefore = await codeSlots(app)
    expect(slotsBefore).toHaveLength(8)
    const off = await client.encryption.regenerateRecoveryCodes({ passphrase: PASSPHRASE, showCodes: () => false })
    expect(off).toEqual({ kind: 'CalledOff', at: 'showCodes' })
    expect(await codeSlots(app)).toEqual(slotsBefore)
    const outcome = await client.encryption.regenerateRecoveryCodes({ passphrase: PASSPHRASE })
    if (outcome.kind !== 'Replaced') return expect.unreachable(outcome.kind)
    expect(outcome.codes).toHaveLength(8)
    expect(outcome.codes.filter((code) => codes.includes(code))).toEqual([])
    const slotsAfter = await codeSlots(app)
    expect(slotsAfter).toHaveLength(8)
    expect(slotsAfter.filter((id) => slotsBefore.includes(id))).toEqual([])
  })
})

async function listed<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

/** The ids of the slots that codes open. */
async function codeSlots(app: TestApp): Promise<string[]> {
  const rows = await app.services.database.systemDb.keySlot.findMany({
    where: { kind: 'RECOVERY_CODE' },
    orderBy: { id: 'asc' },
  })
  return rows.map(({ id }) => id)
}
