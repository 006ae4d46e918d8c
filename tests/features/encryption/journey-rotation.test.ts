import { describe, expect, test } from 'vitest'
import { isLatchkeyError, ItemConflict, type Item, type LatchkeyClient } from '../../../src/client/index.ts'
import type { RotationProgress } from '../../../src/client/index.ts'
import type { TestApp } from '../../support/app.ts'
import {
  encryptedDevice,
  PASSPHRASE,
  signInDevice,
  startRoomyApp,
  unlockedDevice,
  type Network,
  operationIn,
} from '../../support/devices.ts'

// R6: a rotation of keys, killed at each step and raced by another device: nothing is lost, and any device goes on.

type Note = { title?: string; body?: string }

const notesOf = (client: LatchkeyClient) => client.collection<Note>('notes', { encrypted: ['body'] })

const refused = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => expect.unreachable('It should have been refused.'),
    (error: unknown) => (isLatchkeyError(error) ? error.code : error),
  )

/** Somebody's device with so many notes. */
async function withNotes(app: TestApp, count: number, options: Parameters<typeof encryptedDevice>[2] = {}) {
  const device = await encryptedDevice(app, undefined, options)
  const notes = notesOf(device.client)
  const items: Item<Note>[] = []
  for (let n = 0; n < count; n += 25) {
    const some = Array.from({ length: Math.min(25, count - n) }, (_, i) => notes.create({ body: `body ${n + i}` }))
    items.push(...(await Promise.all(some)))
  }
  return { ...device, notes, items }
}

/** What each note says to a device: its id, and the body or why there is none. */
async function bodiesOf(client: LatchkeyClient): Promise<Map<string, string>> {
  const bodies = new Map<string, string>()
  for await (const { id, value, keyState } of notesOf(client).all()) bodies.set(id, value.body ?? keyState)
  return bodies
}

const asWritten = (items: readonly Item<Note>[]) => new Map(items.map(({ id, value }) => [id, value.body ?? '']))

/** A network that breaks off after so many requests: before a request leaves, or when its answer should come. */
function breakable() {
  let left = Number.POSITIVE_INFINITY
  let cut: 'request' | 'answer' = 'request'
  const network: Network = (send) => async (input, init) => {
    left -= 1
    if (left >= 0) return send(input, init)
    if (left === -1 && cut === 'answer') await (await send(input, init)).text()
    throw new TypeError('The cable was pulled.')
  }
  return {
    network,
    breakAfter(requests: number, what: typeof cut) {
      left = requests
      cut = what
    },
    mend() {
      left = Number.POSITIVE_INFINITY
    },
  }
}

describe('the record key', () => {
  test('is rotated with everything that was written, and tells how far it is', async () => {
    const app = await startRoomyApp()
    const { client, email, items } = await withNotes(app, 130)
    const [before] = items
    const progress: RotationProgress[] = []
    const outcome = await client.encryption.rotate({ onProgress: (one) => progress.push(one) })
    expect(outcome).toMatchObject({ kind: 'Rotated', unreadable: [], passkeysLost: [], rotation: { recordsLeft: 0 } })
    if (outcome.kind !== 'Rotated') return
    expect(outcome.rotation.finishedAt).not.toBeNull()
    expect(progress.map(({ done }) => done)).toEqual([100, 130, 130])
    expect(progress.every(({ total }) => total === 130)).toBe(true)

    const record = await client.record(before?.id ?? '')
    expect(record?.keyId).toBe(outcome.rotation.toKeyId)
    expect(record?.keyId).not.toBe(before?.origin.record.keyId)
    expect(await bodiesOf(client)).toEqual(asWritten(items))
    expect(await bodiesOf(await unlockedDevice(app, email))).toEqual(asWritten(items))
    expect(await client.encryption.resumeRotation()).toMatchObject({ unreadable: [] })
  })

  test('R6: broken off after each of its requests, another device finishes it and reads everything', async () => {
    const app = await startRoomyApp()
    const cable = breakable()
    const { email, items, client: device } = await withNotes(app, 105, { network: cable.network })
    const other = await unlockedDevice(app, email)
    let [completed, interrupted] = [0, 0]
    for (const cut of ['request', 'answer'] as const) {
      for (let requests = 0; ; requests++) {
        const at = `after ${requests}, ${cut}`
        cable.breakAfter(requests, cut)
        const code = await device.encryption.rotate().then(
          () => null,
          (error: unknown) => (isLatchkeyError(error) ? error.code : error),
        )
        cable.mend()
        if (code === null) {
          completed += 1
          break
        }
        expect(code, at).toBe('NETWORK')
        interrupted += 1

        const rest = await other.encryption.resumeRotation()
        expect(rest?.unreadable ?? [], at).toEqual([])
        const { rotation } = await other.encryption.status()
        expect([rotation?.recordsLeft ?? 0, rotation?.finishedAt], at).not.toContain(null)
        expect(await bodiesOf(other), at).toEqual(asWritten(items))
        // The device that was cut off goes on as well, as it stands.
        const [some] = (await notesOf(device).page({ first: 5 })).items
        expect(some?.keyState, at).toBe('OPEN')
      }
    }
    expect(await bodiesOf(device)).toEqual(asWritten(items))
    expect(await bodiesOf(await unlockedDevice(app, email))).toEqual(asWritten(items))
    expect(completed).toBe(2)
    expect(interrupted).toBeGreaterThan(14)
  }, 240_000)

  test('R6: another device edits while it goes on, with the old key in its hand: every edit is kept', async () => {
    const app = await startRoomyApp()
    const { email, items, client } = await withNotes(app, 120)
    const editor = await unlockedDevice(app, email)
    const theirs: Item<Note>[] = []
    for await (const item of notesOf(editor).all()) theirs.push(item)

    const edits = theirs
      .filter((_, n) => n % 3 === 0)
      .map(async (item, n) => {
        await new Promise((resolve) => setTimeout(resolve, n * 8)) // from before it begins until after its end
        return notesOf(editor).update(item, { body: `edited ${n}` })
      })
    const [outcome, edited] = await Promise.all([client.encryption.rotate(), Promise.all(edits)])
    expect(outcome).toMatchObject({ kind: 'Rotated', unreadable: [], rotation: { recordsLeft: 0 } })
    expect(edited).toHaveLength(40)
    const expected = new Map([...asWritten(items), ...asWritten(edited)])
    expect(await bodiesOf(client)).toEqual(expected)
    expect(await bodiesOf(await unlockedDevice(app, email))).toEqual(expected)
  })

  test('R6: two devices that take it up together write each record once', async () => {
    const app = await startRoomyApp()
    const cable = breakable()
    const { email, items, client } = await withNotes(app, 150, { network: cable.network })
    const others = [await unlockedDevice(app, email), await unlockedDevice(app, email)]
    cable.breakAfter(4, 'request')
    expect(await refused(client.encryption.rotate())).toBe('NETWORK')
    const resumed = await Promise.all(others.map((device) => device.encryption.resumeRotation()))
    expect(resumed).toMatchObject([{ unreadable: [] }, { unreadable: [] }])
    cable.mend()
    expect(await bodiesOf(client)).toEqual(asWritten(items))
    const revisions = new Set<number>()
    for await (const { revision } of notesOf(client).all()) revisions.add(revision)
    expect([...revisions]).toEqual([2])
  })

  test('of two devices that rotate at once one does, the other is told and follows', async () => {
    const app = await startRoomyApp()
    let arrived = 0
    let open = (): void => {}
    const both = new Promise<void>((resolve) => (open = resolve))
    const network: Network = (send) => async (input, init) => {
      if (operationIn(init).name === 'RotateKeys') {
        arrived += 1
        if (arrived === 2) open()
        await both // neither is sent before both are made
      }
      return send(input, init)
    }
    const { email, items, client } = await withNotes(app, 10, { network })
    const other = await unlockedDevice(app, email, { network })
    const outcomes = await Promise.all([client.encryption.rotate(), other.encryption.rotate()])
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['Rotated', 'RotatedElsewhere'])
    expect(await client.encryption.status()).toMatchObject({ ringRevision: 2 })
    for (const device of [client, other]) {
      expect(await bodiesOf(device)).toEqual(asWritten(items))
      expect((await notesOf(device).create({ body: 'after' })).keyState).toBe('OPEN')
      await notesOf(device).delete((await notesOf(device).page({ first: 1 })).items[0] ?? expect.unreachable())
    }
  })

  test('a record that does not open is left as it is and named, and those behind it are done', async () => {
    const app = await startRoomyApp()
    const { items, client } = await withNotes(app, 130)
    const [, damaged] = items
    if (!damaged) return expect.unreachable('There are notes.')
    const envelope = damaged.origin.record.encryptedData ?? ''
    const [header, key, iv, ciphertext, tag = ''] = envelope.split('.')
    const broken = [header, key, iv, ciphertext, `${tag.startsWith('A') ? 'B' : 'A'}${tag.slice(1)}`].join('.')
    await app.services.database.systemDb.record.updateMany({
      where: { encryptedData: envelope },
      data: { encryptedData: broken },
    })
    const outcome = await client.encryption.rotate()
    expect(outcome).toMatchObject({
      kind: 'Rotated',
      unreadable: [damaged.id],
      rotation: { recordsLeft: 1, finishedAt: null },
    })
    const bodies = await bodiesOf(client)
    expect(bodies.get(damaged.id)).toBe('UNREADABLE')
    expect([...bodies.values()].filter((body) => body === 'UNREADABLE')).toHaveLength(1)
    const item = await notesOf(client).get(damaged.id)
    if (!item) return expect.unreachable('It is still there.')
    expect(await refused(notesOf(client).update(item, { body: 'over it' }))).toBe('CIPHERTEXT_REFUSED')
    expect((await client.record(damaged.id))?.encryptedData).toBe(broken)
    await notesOf(client).delete(item)
    expect(await client.encryption.resumeRotation()).toMatchObject({ unreadable: [], rotation: { recordsLeft: 0 } })
  })

  test('it waits where the server asks to, and can be called off meanwhile', async () => {
    const app = await startRoomyApp()
    const controller = new AbortController()
    const waits: (number | null)[] = [1, null, 3_600] // the second batch is the one that has to wait for long
    const network: Network = (send) => async (input, init) => {
      const retryAfter = operationIn(init).name === 'ReencryptRecords' ? waits.shift() : null
      if (retryAfter == null) return send(input, init)
      if (retryAfter > 1) setTimeout(() => controller.abort(new Error('Enough.')), 100)
      const extensions = { code: 'RATE_LIMITED', retryAfter }
      return Response.json({ data: null, errors: [{ message: 'Later.', path: ['reencryptRecords'], extensions }] })
    }
    const { client, items } = await withNotes(app, 120, { network })
    const started = Date.now()
    expect(await refused(client.encryption.rotate({ signal: controller.signal }))).toBeInstanceOf(Error)
    expect(Date.now() - started).toBeGreaterThanOrEqual(1_000)
    expect(await client.encryption.status()).toMatchObject({ rotation: { recordsLeft: 20, finishedAt: null } })
    expect(waits).toEqual([])
    expect(await client.encryption.resumeRotation()).toMatchObject({ rotation: { recordsLeft: 0 } })
    expect(await bodiesOf(client)).toEqual(asWritten(items))
  })
})

describe('another device', () => {
  test('follows when it writes, without asking its owner for anything', async () => {
    const app = await startRoomyApp()
    const { email, client } = await withNotes(app, 3)
    const other = await unlockedDevice(app, email)
    const [mine] = (await notesOf(other).page()).items
    if (!mine) return expect.unreachable('There are notes.')
    await client.encryption.rotate()
    const made = await notesOf(other).create({ body: 'with the new key' })
    expect((await notesOf(client).get(made.id))?.value).toEqual({ body: 'with the new key' })
    // Read before the rotation, changed after it: only the encryption was changed between, which is no conflict.
    const updated = await notesOf(other).update(mine, { body: 'my edit' })
    expect(updated).toMatchObject({ revision: 3, keyState: 'OPEN', value: { body: 'my edit' } })
  })

  test('follows when it reads, and reads everything', async () => {
    const app = await startRoomyApp()
    const { email, client, items } = await withNotes(app, 3)
    const other = await unlockedDevice(app, email)
    await client.encryption.rotate()
    expect(await bodiesOf(other)).toEqual(asWritten(items))
    expect(other.encryption.state).toMatchObject({ kind: 'UNLOCKED', ringRevision: 2 })
  })

  test('that deletes what was only encrypted anew is not stopped', async () => {
    const app = await startRoomyApp()
    const { client, items } = await withNotes(app, 2)
    await client.encryption.rotate()
    for (const item of items) await notesOf(client).delete(item)
    expect(await bodiesOf(client)).toEqual(new Map())
  })

  test('a change of a plain field, too, survives a rotation that came between', async () => {
    const app = await startRoomyApp()
    const { email, client, items } = await withNotes(app, 1)
    const [item] = items
    if (!item) return expect.unreachable('There is a note.')
    await (await unlockedDevice(app, email)).encryption.rotate()
    expect(await notesOf(client).update(item, { title: 'titled' })).toMatchObject({
      revision: 3,
      keyState: 'OPEN',
      value: { title: 'titled', body: 'body 0' },
    })
  })
})

describe('everything', () => {
  const NEXT = 'gravel lantern mimic trombone ochre sudden'

  test('is rotated under a new master key: the new passphrase and the new codes open, nothing old does', async () => {
    const app = await startRoomyApp()
    const { email, client, items, codes } = await withNotes(app, 120)
    const other = await unlockedDevice(app, email)
    let shown: readonly string[] = []
    const outcome = await client.encryption.rotate({
      everything: {
        passphrase: PASSPHRASE,
        newPassphrase: NEXT,
        showCodes: (given) => {
          shown = given.codes
          return true
        },
        typeBack: ({ positions }) => positions.map((position) => shown[position - 1] ?? ''),
      },
    })
    expect(outcome).toMatchObject({ kind: 'Rotated', unreadable: [], rotation: { recordsLeft: 0 } })
    expect(shown).toHaveLength(8)
    expect(shown.filter((code) => codes.includes(code))).toEqual([])
    expect(await client.encryption.status()).toMatchObject({ generation: 2, ringRevision: 2, recoveryCodesLeft: 8 })
    expect(await bodiesOf(client)).toEqual(asWritten(items))

    const third = await signInDevice(app, email)
    expect(await refused(third.encryption.unlock({ passphrase: PASSPHRASE }))).toBe('SECRET_WRONG')
    await third.encryption.unlock({ passphrase: NEXT })
    expect(await bodiesOf(third)).toEqual(asWritten(items))

    // The device that holds the old master key is told, and locks.
    expect(await refused(notesOf(other).create({ body: 'late' }))).toBe('MASTER_KEY_CHANGED')
    expect(other.encryption.isUnlocked).toBe(false)
  })

  test('a device that holds the old master key asks once, and its edits are kept', async () => {
    const app = await startRoomyApp()
    const { email, client, items } = await withNotes(app, 3)
    const asked: string[] = []
    const other = await unlockedDevice(app, email, {
      encryption: {
        onUnlockRequired: async ({ reason, service }) => {
          asked.push(reason)
          await service.unlock({ passphrase: NEXT })
          return true
        },
      },
    })
    const theirs = (await notesOf(other).page()).items
    await client.encryption.rotate({
      everything: { passphrase: PASSPHRASE, newPassphrase: NEXT, showCodes: () => true },
    })
    const edited = await Promise.all(theirs.map((item, n) => notesOf(other).update(item, { body: `edited ${n}` })))
    expect(asked).toEqual(['MASTER_KEY_CHANGED'])
    expect(await bodiesOf(client)).toEqual(asWritten(edited))
    expect(edited).toHaveLength(items.length)
  })

  test('called off while the codes are shown, and with a wrong passphrase, nothing is changed', async () => {
    const app = await startRoomyApp()
    const { client } = await withNotes(app, 1)
    const off = { passphrase: PASSPHRASE, showCodes: () => true, typeBack: () => null }
    expect(await client.encryption.rotate({ everything: off })).toEqual({ kind: 'CalledOff', at: 'typeBack' })
    const wrong = { passphrase: `${PASSPHRASE}?`, showCodes: () => expect.unreachable('It must not come so far.') }
    expect(await refused(client.encryption.rotate({ everything: wrong }))).toBe('SECRET_WRONG')
    expect(await client.encryption.status()).toMatchObject({ generation: 1, ringRevision: 1, rotation: null })
  })

  test('R6: broken off after each of its requests, the passphrase that is in force opens, and another device finishes it', async () => {
    const app = await startRoomyApp()
    const cable = breakable()
    const { email, items, client: device } = await withNotes(app, 12, { network: cable.network })
    const other = await signInDevice(app, email)
    let current = PASSPHRASE
    let interrupted = 0
    for (const cut of ['request', 'answer'] as const) {
      for (let requests = 0; ; requests++) {
        const next = `${NEXT} ${cut} ${requests}`
        const { generation } = await device.encryption.status()
        cable.breakAfter(requests, cut)
        const code = await device.encryption
          .rotate({ everything: { passphrase: current, newPassphrase: next, showCodes: () => true } })
          .then(
            () => null,
            (error: unknown) => (isLatchkeyError(error) ? error.code : error),
          )
        cable.mend()
        const isChanged = (await other.encryption.status()).generation > generation
        if (isChanged) current = next
        await other.encryption.unlock({ passphrase: current })
        await other.encryption.resumeRotation()
        expect((await other.encryption.status()).rotation?.finishedAt, `after ${requests}, ${cut}`).not.toBeNull()
        expect(await bodiesOf(other), `after ${requests}, ${cut}`).toEqual(asWritten(items))
        if (code === null) break
        expect(code, `after ${requests}, ${cut}`).toBe('NETWORK')
        interrupted += 1
      }
    }
    expect(interrupted).toBeGreaterThan(10)
  }, 240_000)
})

test('an edit that meets somebody else’s while keys rotate is told of, and not merged in silence', async () => {
  const app = await startRoomyApp()
  const { email, client, items } = await withNotes(app, 1)
  const [item] = items
  if (!item) return expect.unreachable('There is a note.')
  const other = await unlockedDevice(app, email)
  await other.encryption.rotate()
  const current = await notesOf(other).get(item.id)
  if (!current) return expect.unreachable('It is there.')
  await notesOf(other).update(current, { body: 'theirs' })
  const error = await notesOf(client)
    .update(item, { body: 'mine' })
    .catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(ItemConflict)
  expect(error instanceof ItemConflict && error.current.value).toEqual({ body: 'theirs' })
})
