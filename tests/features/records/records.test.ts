import { v4 as uuidv4, v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp } from '../../support/app.ts'
import type { TestApp } from '../../support/app.ts'
import { signIn } from '../../support/people.ts'
import { create, jwe, made, newId, page, read, remove, rowId, update } from './support.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.close())

const EVERYTHING = {
  collection: 'notes/2026:a.b_c-d',
  title: 'Ärger mit 100 %',
  data: { a: [1, 'zwei', null, true, 2.5], ü: {} },
  secret: { pin: 1234 },
  encryptedData: jwe(),
}

describe('createRecord', () => {
  test('keeps every field, and answers the record as it is read later', async () => {
    const { browser } = await signIn(app)
    const record = await made(browser, EVERYTHING)

    expect(record).toMatchObject({ ...EVERYTHING, keyId: 'key-1', revision: 1 })
    expect(record.id).toMatch(/^record_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-/)
    expect(record.updatedAt).toBe(record.createdAt)
    expect((await read(browser, record.id)).data?.record).toEqual(record)
  })

  test('leaves empty what is left out, and what is null', async () => {
    const { browser } = await signIn(app)
    const empty = { title: null, data: null, secret: null, encryptedData: null, keyId: null }

    expect(await made(browser)).toMatchObject(empty)
    expect(await made(browser, { id: null, title: null, data: null, secret: null, encryptedData: null })).toMatchObject(
      empty,
    )
  })

  test.each([false, 0, '', 'text', [], {}, [null], 1e-7, 'null'])(
    'keeps the JSON value %j in data and in secret',
    async (value) => {
      const { browser } = await signIn(app)
      const record = await made(browser, { data: value, secret: value })

      expect(record).toMatchObject({ data: value, secret: value })
      expect((await read(browser, record.id)).data?.record).toEqual(record)
    },
  )

  test('takes an id that the client made, with and without its prefix', async () => {
    const { browser } = await signIn(app)
    const [withPrefix, bare] = [newId(), uuidv7()]

    expect((await made(browser, { id: withPrefix })).id).toBe(withPrefix)
    expect((await made(browser, { id: bare })).id).toBe(`record_${bare}`)
  })

  test.each([
    ['another version of UUID', uuidv4()],
    ['capitals', uuidv7().toUpperCase()],
    ['the id of another type', `session_${uuidv7()}`],
    ['a prefix twice', `record_record_${uuidv7()}`],
    ['nothing', ''],
    ['a space behind it', `${uuidv7()} `],
    ['a number', 7],
  ])('refuses an id that is no UUIDv7: %s', async (_name, id) => {
    const { browser } = await signIn(app)
    const { code, errors } = await create(browser, { id })

    expect(code).toBe('BAD_INPUT')
    expect(errors[0]?.extensions).toMatchObject({ field: 'id' })
  })

  test('an own id that is taken is a CONFLICT that changes nothing and uses up no room', async () => {
    const { browser } = await signIn(app)
    const record = await made(browser, { title: 'first' })
    await update(browser, { id: record.id, revision: 1, title: 'second' })
    const { code, errors } = await create(browser, { id: record.id, title: 'third' })

    expect(code).toBe('CONFLICT')
    expect(errors[0]?.extensions).toMatchObject({ currentRevision: 2 })
    expect((await read(browser, record.id)).data?.record).toMatchObject({ title: 'second', revision: 2 })
    expect(await usage(browser)).toBe(1)
  })

  test("another user's id is no clash, and so tells nobody that it exists", async () => {
    const [owner, stranger] = [await signIn(app), await signIn(app)]
    const id = newId()
    const theirs = await made(owner.browser, { id, title: 'theirs', secret: 'theirs' })
    const mine = await made(stranger.browser, { id, title: 'mine', secret: 'mine' })

    expect(mine).toMatchObject({ id, title: 'mine', revision: 1 })
    await remove(stranger.browser, { id })
    expect((await read(owner.browser, id)).data?.record).toEqual(theirs)
  })
})

describe('updateRecord', () => {
  test('changes what is given, and nothing else', async () => {
    const { browser } = await signIn(app)
    const before = await made(browser, EVERYTHING)
    const changes = [{ title: 'new' }, { data: ['new'] }, { secret: 'new' }, { encryptedData: jwe({ bytes: 32 }) }]
    let expected = before
    for (const [index, change] of changes.entries()) {
      const { data } = await update(browser, { id: before.id, revision: index + 1, ...change })
      expected = { ...expected, ...change, revision: index + 2, updatedAt: data?.updateRecord.updatedAt ?? '' }
      expect(data?.updateRecord).toEqual(expected)
    }
    expect((await read(browser, before.id)).data?.record).toEqual(expected)
  })

  test.each(['title', 'data', 'secret', 'encryptedData'] as const)(
    'null clears %s, and nothing else',
    async (field) => {
      const { browser } = await signIn(app)
      const before = await made(browser, EVERYTHING)
      const { data } = await update(browser, { id: before.id, revision: 1, [field]: null })
      const { updatedAt: _, ...expected } = {
        ...before,
        [field]: null,
        revision: 2,
        ...(field === 'encryptedData' && { keyId: null }),
      }

      expect(data?.updateRecord).toMatchObject(expected)
      expect((await read(browser, before.id)).data?.record).toEqual(data?.updateRecord)
    },
  )

  test('the key id follows the ciphertext', async () => {
    const { browser } = await signIn(app)
    const { id } = await made(browser, { encryptedData: jwe() })
    const { data } = await update(browser, {
      id,
      revision: 1,
      encryptedData: jwe({ header: { alg: 'dir', enc: 'A256GCM' } }),
    })

    expect(data?.updateRecord.keyId).toBeNull()
  })

  test('a write names the revision that it changes, and a stale one is told the one in force', async () => {
    const { browser } = await signIn(app)
    const { id } = await made(browser, { title: 'one' })
    expect((await update(browser, { id, revision: 1, title: 'two' })).data?.updateRecord).toMatchObject({
      title: 'two',
      revision: 2,
    })

    for (const revision of [1, 3, 0, -1]) {
      const { code, errors } = await update(browser, { id, revision, title: 'three' })
      expect(code).toBe('CONFLICT')
      expect(errors[0]?.extensions).toMatchObject({ currentRevision: 2 })
    }
    expect((await read(browser, id)).data?.record?.title).toBe('two')
  })

  test('a change that is refused changes nothing, not even its good parts', async () => {
    const { browser } = await signIn(app)
    const before = await made(browser, EVERYTHING)
    const { code } = await update(browser, { id: before.id, revision: 1, title: 'good', encryptedData: 'bad' })

    expect(code).toBe('BAD_INPUT')
    expect((await read(browser, before.id)).data?.record).toEqual(before)
  })

  test('the collection stays what it was: there is no argument for it', async () => {
    const { browser } = await signIn(app)
    const { id } = await made(browser)

    expect((await update(browser, { id, revision: 1, collection: 'other' })).code).toBe('BAD_INPUT')
  })
})

describe('deleteRecord', () => {
  test('deletes for good, and says so once', async () => {
    const { browser } = await signIn(app)
    const { id } = await made(browser, EVERYTHING)

    expect((await remove(browser, { id })).data?.deleteRecord.deletedId).toBe(id)
    expect((await read(browser, id)).data).toEqual({ record: null })
    expect((await page(browser)).totalCount).toBe(0)
    expect((await remove(browser, { id })).code).toBe('NOT_FOUND')
    expect((await update(browser, { id, revision: 1, title: 'x' })).code).toBe('NOT_FOUND')
    expect(await app.services.database.systemDb.record.count({ where: { id: rowId(id) } })).toBe(0)
  })

  test('with a revision, only while the record stands at it', async () => {
    const { browser } = await signIn(app)
    const { id } = await made(browser)
    await update(browser, { id, revision: 1, title: 'x' })
    const { code, errors } = await remove(browser, { id, revision: 1 })

    expect(code).toBe('CONFLICT')
    expect(errors[0]?.extensions).toMatchObject({ currentRevision: 2 })
    expect((await remove(browser, { id, revision: 2 })).data?.deleteRecord.deletedId).toBe(id)
  })

  test('a null revision is none', async () => {
    const { browser } = await signIn(app)
    const { id } = await made(browser)

    expect((await remove(browser, { id, revision: null })).data?.deleteRecord.deletedId).toBe(id)
  })

  test('its id may be used again, from revision 1 on', async () => {
    const { browser } = await signIn(app)
    const { id } = await made(browser, { title: 'one' })
    await remove(browser, { id })

    expect(await made(browser, { id, title: 'two' })).toMatchObject({ id, revision: 1, title: 'two' })
  })
})

describe("another user's record", () => {
  test('is answered as one that does not exist, whatever is asked of it', async () => {
    const [owner, stranger] = [await signIn(app), await signIn(app)]
    const record = await made(owner.browser, EVERYTHING)
    const nowhere = newId()
    const attempts = (id: string) => [
      read(stranger.browser, id),
      update(stranger.browser, { id, revision: 1, title: 'taken' }),
      update(stranger.browser, { id, revision: 9, title: 'taken' }),
      remove(stranger.browser, { id }),
      remove(stranger.browser, { id, revision: 9 }),
    ]
    const [theirs, none] = await Promise.all([Promise.all(attempts(record.id)), Promise.all(attempts(nowhere))])

    const told = (answers: typeof theirs) => answers.map(({ status, data, errors }) => ({ status, data, errors }))
    expect(told(theirs)).toEqual(told(none))
    expect(theirs.map(({ code }) => code)).toEqual([null, 'NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND'])
    expect((await page(stranger.browser)).totalCount).toBe(0)
    expect((await read(owner.browser, record.id)).data?.record).toEqual(record)
  })

  test('nobody who is not signed in reaches anything', async () => {
    const { browser } = await signIn(app)
    const { id } = await made(browser)
    const nobody = app.browser()
    const answers = await Promise.all([
      read(nobody, id), create(nobody), update(nobody, { id, revision: 1 }), remove(nobody, { id }), page(nobody).catch((error: unknown) => String(error)),
    ]) // prettier-ignore

    expect(JSON.stringify(answers).match(/UNAUTHENTICATED/g)?.length).toBeGreaterThanOrEqual(5)
    expect((await read(browser, id)).data?.record?.id).toBe(id)
  })
})

/** How many records the server counts for the person of this browser. */
async function usage(browser: Parameters<typeof page>[0]): Promise<number> {
  const { data } = await browser.graphql<{ me: { id: string } }>('{ me { id } }')
  const row = await app.services.database.systemDb.recordUsage.findUniqueOrThrow({
    where: { userId: rowId(data?.me.id ?? '') },
  })
  return row.count
}
