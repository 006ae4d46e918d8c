import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MAX_BYTES } from '../../../src/features/records/record-fields.ts'
import { MAX_BODY_BYTES } from '../../../src/graphql/transport.ts'
import { startTestApp } from '../../support/app.ts'
import type { TestApp } from '../../support/app.ts'
import type { Answer } from '../../support/browser-like.ts'
import { signIn } from '../../support/people.ts'
import { create, CREATE, jwe, made, page, read, remove, rowId, update } from './support.ts'

/** Text of exactly so many bytes, of characters that have so many bytes each. */
const textOf = (bytes: number, character: string) => {
  const width = Buffer.byteLength(character)
  return character.repeat(Math.floor(bytes / width)) + 'x'.repeat(bytes % width)
}

/** A JSON string whose text, with its quotes, has exactly so many bytes. */
const jsonOf = (bytes: number, character: string) => textOf(bytes - 2, character)

/** A JWE of exactly so many characters. */
function jweOf(length: number): string {
  const [header = '', key = '', iv = '', , tag = ''] = jwe().split('.')
  return [header, key, iv, 'A'.repeat(length - header.length - iv.length - tag.length - 4), tag].join('.')
}

const LARGEST = {
  title: (bytes: number) => textOf(bytes, 'ä'),
  data: (bytes: number) => jsonOf(bytes, 'ü'),
  secret: (bytes: number) => jsonOf(bytes, '😀'),
  encryptedData: jweOf,
}
const FIELDS = ['title', 'data', 'secret', 'encryptedData'] as const

describe('the size of a field', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp()
  })
  afterAll(() => app.close())

  test.each(FIELDS)('%s is kept at its limit, and refused one byte over it', async (field) => {
    const { browser } = await signIn(app)
    const [limit, fits, over] = [
      MAX_BYTES[field],
      LARGEST[field](MAX_BYTES[field]),
      LARGEST[field](MAX_BYTES[field] + 1),
    ]
    const record = await made(browser, { [field]: fits })
    expect((await read(browser, record.id)).data?.record?.[field]).toBe(fits)

    const refusals = [
      await create(browser, { [field]: over }),
      await update(browser, { id: record.id, revision: 1, [field]: over }),
    ]
    for (const { code, errors } of refusals) {
      expect(code).toBe('TOO_LARGE')
      expect(errors[0]?.extensions).toMatchObject({ field, limit })
      expect(errors[0]?.message).toContain(`${limit + 1} bytes`)
    }
    expect((await page(browser)).totalCount).toBe(1)
    expect((await read(browser, record.id)).data?.record).toEqual(record)
  })

  test('all fields at their limits fit in one request, however the client writes its letters', async () => {
    const { browser } = await signIn(app)
    const input = {
      collection: 'c'.repeat(MAX_BYTES.collection),
      ...Object.fromEntries(FIELDS.map((field) => [field, LARGEST[field](MAX_BYTES[field])])),
    }
    const plain = JSON.stringify({ query: CREATE, variables: { input } })
    // Many clients write every letter beyond ASCII as \uXXXX, which takes up to three times the room.
    const escaped = plain.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    expect(escaped.length).toBeGreaterThan(330_000)

    for (const body of [plain, escaped]) {
      const { data, errors } = await browser.graphql(CREATE, {}, { body })
      expect(errors).toEqual([])
      expect(data?.['createRecord']).toMatchObject(input)
    }
  })

  test('a body over the limit of the transport is refused as a whole', async () => {
    const { browser } = await signIn(app)
    const body = JSON.stringify({ query: '{ me { id } }', padding: 'x'.repeat(MAX_BODY_BYTES) })
    const { status, code } = await browser.graphql('', {}, { body })

    expect({ status, code }).toEqual({ status: 413, code: 'TOO_LARGE' })
  })
})

describe('the number of records', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp({ env: { RECORDS_PER_USER: '3' } })
  })
  afterAll(() => app.close())

  const usageOf = async (userId: string) =>
    (await app.services.database.systemDb.recordUsage.findUniqueOrThrow({ where: { userId: rowId(userId) } })).count
  const ended = (answers: readonly Answer[]) => answers.map(({ code }) => code ?? 'made').sort()

  test('a full account is told how many it holds, and a deletion makes room for one', async () => {
    const { browser, userId } = await signIn(app)
    const ids = []
    for (let count = 0; count < 3; count++) ids.push((await made(browser)).id)

    const { code, errors } = await create(browser)
    expect(code).toBe('QUOTA_EXCEEDED')
    expect(errors[0]?.extensions).toMatchObject({ limit: 3 })
    await remove(browser, { id: ids[0] })
    expect(ended([await create(browser), await create(browser)])).toEqual(['QUOTA_EXCEEDED', 'made'])
    expect([(await page(browser)).totalCount, await usageOf(userId)]).toEqual([3, 3])
  })

  test('twenty creations at once make exactly three', async () => {
    const { browser, userId } = await signIn(app)
    const answers = await Promise.all(Array.from({ length: 20 }, () => create(browser)))

    expect(ended(answers)).toEqual([...Array.from({ length: 17 }, () => 'QUOTA_EXCEEDED'), 'made', 'made', 'made'])
    expect([(await page(browser)).totalCount, await usageOf(userId)]).toEqual([3, 3])
  })

  test('twenty deletions of one record at once free one place', async () => {
    const { browser, userId } = await signIn(app)
    const ids = [await made(browser), await made(browser), await made(browser)].map(({ id }) => id)
    const answers = await Promise.all(Array.from({ length: 20 }, () => remove(browser, { id: ids[0] })))

    expect(ended(answers).filter((end) => end === 'made')).toHaveLength(1)
    expect(await usageOf(userId)).toBe(2)
    expect(ended(await Promise.all([create(browser), create(browser)]))).toEqual(['QUOTA_EXCEEDED', 'made'])
  })

  test('twenty creations with one id at once make one, and use up one place', async () => {
    const { browser, userId } = await signIn(app)
    const { id } = await made(browser)
    await remove(browser, { id })
    const answers = await Promise.all(Array.from({ length: 20 }, () => create(browser, { id })))

    expect(ended(answers)).toEqual([...Array.from({ length: 19 }, () => 'CONFLICT'), 'made'])
    expect(await usageOf(userId)).toBe(1)
  })

  test('creations and deletions of one id at once end in answers, and in a count that is right', async () => {
    const { browser, userId } = await signIn(app)
    const { id } = await made(browser)
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? remove(browser, { id }) : create(browser, { id }))),
    )

    for (const end of ended(answers)) expect(['made', 'CONFLICT', 'NOT_FOUND']).toContain(end)
    expect(await usageOf(userId)).toBe((await page(browser)).totalCount)
  })

  test("one user's records use up nothing of another's", async () => {
    const [full, other] = [await signIn(app), await signIn(app)]
    await Promise.all(Array.from({ length: 4 }, () => create(full.browser)))

    expect((await create(other.browser)).code).toBeNull()
  })
})
