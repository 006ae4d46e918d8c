import { v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp } from '../../support/app.ts'
import type { TestApp } from '../../support/app.ts'
import type { Visitor } from '../../support/browser-like.ts'
import { signIn } from '../../support/people.ts'
import { list, made, page, personWith, remove, rowId, update } from './support.ts'
import type { RecordsPage } from './support.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.close())

const titles = ({ edges }: RecordsPage) => edges.map(({ node }) => node.title)

/** Every page from one end of the list to the other, as the titles it holds. */
async function walk(browser: Visitor, size: number, backwards = false): Promise<(string | null)[][]> {
  const pages: (string | null)[][] = []
  let cursor: string | null = null
  for (;;) {
    const found: RecordsPage = await page(
      browser,
      backwards ? { last: size, before: cursor } : { first: size, after: cursor },
    )
    pages.push(titles(found))
    const { hasNextPage, hasPreviousPage, startCursor, endCursor } = found.pageInfo
    cursor = backwards ? startCursor : endCursor
    if (!(backwards ? hasPreviousPage : hasNextPage)) return pages
  }
}

describe('pages', () => {
  test('forwards, from the newest on', async () => {
    const { browser } = await personWith(app, ['1', '2', '3', '4', '5'])

    expect(await walk(browser, 2)).toEqual([['5', '4'], ['3', '2'], ['1']])
    expect(await walk(browser, 5)).toEqual([['5', '4', '3', '2', '1']])
    expect(await walk(browser, 100)).toEqual([['5', '4', '3', '2', '1']])
  })

  test('backwards, from the oldest on, each page still newest first', async () => {
    const { browser } = await personWith(app, ['1', '2', '3', '4', '5'])

    expect(await walk(browser, 2, true)).toEqual([['2', '1'], ['4', '3'], ['5']])
    expect(await walk(browser, 5, true)).toEqual([['5', '4', '3', '2', '1']])
  })

  test('say where they stand in the list', async () => {
    const { browser } = await personWith(app, ['1', '2', '3'])
    const first = await page(browser, { first: 1 })
    const second = await page(browser, { first: 1, after: first.pageInfo.endCursor })
    const third = await page(browser, { first: 1, after: second.pageInfo.endCursor })
    const flags = [first, second, third].map(({ pageInfo }) => [pageInfo.hasPreviousPage, pageInfo.hasNextPage])

    expect(flags).toEqual([[false, true], [true, true], [true, false]]) // prettier-ignore
    expect(second.pageInfo).toMatchObject({ startCursor: second.edges[0]?.cursor, endCursor: second.edges[0]?.cursor })
    expect([first, second, third].map(({ totalCount }) => totalCount)).toEqual([3, 3, 3])
  })

  test('an empty list is a page without edges', async () => {
    const { browser } = await signIn(app)

    expect(await page(browser)).toEqual({
      totalCount: 0,
      edges: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
    })
  })

  test('twenty at a time unless told', async () => {
    const { browser } = await personWith(
      app,
      Array.from({ length: 21 }, (_, index) => String(index)),
    )
    const { edges, pageInfo } = await page(browser)

    expect([edges.length, pageInfo.hasNextPage]).toEqual([20, true])
  })

  test('between two cursors lies what stands between them', async () => {
    const { browser } = await personWith(app, ['1', '2', '3', '4', '5'])
    const { edges } = await page(browser)
    const [after, before] = [edges[0]?.cursor, edges[4]?.cursor]

    expect(titles(await page(browser, { after, before }))).toEqual(['4', '3', '2'])
    expect(titles(await page(browser, { after, before, first: 2 }))).toEqual(['4', '3'])
    expect(titles(await page(browser, { after, before, last: 2 }))).toEqual(['3', '2'])
    expect(titles(await page(browser, { after: before, before: after }))).toEqual([])
  })

  test('a page stays where it was while records are made and deleted around it', async () => {
    const { browser, records } = await personWith(app, ['1', '2', '3', '4', '5', '6'])
    const { pageInfo } = await page(browser, { first: 2 })
    await made(browser, { title: '7' })
    await remove(browser, { id: records[5]?.id }) // '6', before the cursor
    await remove(browser, { id: records[2]?.id }) // '3', after it
    await update(browser, { id: records[3]?.id, revision: 1, title: '4, changed' })

    expect(titles(await page(browser, { first: 2, after: pageInfo.endCursor }))).toEqual(['4, changed', '2'])
  })

  test('a cursor is good for its place also when its record is gone', async () => {
    const { browser, records } = await personWith(app, ['1', '2', '3'])
    const { pageInfo } = await page(browser, { first: 2 })
    await remove(browser, { id: records[1]?.id })

    expect(titles(await page(browser, { after: pageInfo.endCursor }))).toEqual(['1'])
    expect(titles(await page(browser, { before: pageInfo.endCursor }))).toEqual(['3'])
  })

  test('many records of one instant come in one order, each once, in either direction', async () => {
    const person = await signIn(app)
    const at = new Date('2026-05-05T05:05:05.555Z')
    const rows = Array.from({ length: 25 }, (_, index) => ({
      id: uuidv7(), userId: rowId(person.userId), collection: 'notes', title: String(index), createdAt: at, updatedAt: at,
    })) // prettier-ignore
    await app.services.database.systemDb.record.createMany({ data: rows })

    const forwards = (await walk(person.browser, 4)).flat()
    expect(forwards).toHaveLength(25)
    expect(new Set(forwards).size).toBe(25)
    expect((await walk(person.browser, 7, true)).reverse().flat()).toEqual(forwards)
  })

  test("another user's cursor is a place in the list, and opens nothing of theirs", async () => {
    const [a, b] = [await personWith(app, ['a1', 'a2']), await personWith(app, ['b1', 'b2'])]
    const { pageInfo } = await page(a.browser, { first: 1 })

    expect(titles(await page(b.browser, { before: pageInfo.endCursor }))).toEqual(['b2', 'b1'])
    expect(titles(await page(b.browser, { after: pageInfo.endCursor }))).toEqual([])
  })
})

describe('the arguments of a page', () => {
  let browser: Visitor
  beforeAll(async () => {
    browser = (await personWith(app, ['1', '2'])).browser
  })
  const cursor = (text: string) => Buffer.from(text).toString('base64url')

  test.each([
    [{ first: 0 }, 'first'],
    [{ first: -1 }, 'first'],
    [{ first: 101 }, 'first'],
    [{ last: 0 }, 'last'],
    [{ last: 101 }, 'last'],
    [{ first: 1, last: 1 }, 'last'],
    [{ after: '' }, 'after'],
    [{ after: 'x' }, 'after'],
    [{ before: cursor('1.record') }, 'before'],
    [{ after: cursor(`1.${'0'.repeat(36)}`) }, 'after'],
    [{ after: cursor(`-1.${uuidv7()}`) }, 'after'],
    [{ after: cursor(`1e3.${uuidv7()}`) }, 'after'],
    [{ after: cursor(`999999999999999.${uuidv7()}`) }, 'after'],
    [{ before: cursor(`1.${uuidv7()}' OR 1=1 --`) }, 'before'],
    [{ collection: null }, 'collection'],
    [{ titleContains: null }, 'titleContains'],
    [{ updatedSince: null }, 'updatedSince'],
    [{ titleContains: '' }, 'titleContains'],
    [{ titleContains: 'x'.repeat(201) }, 'titleContains'],
  ])('%j is refused, and the answer names %s', async (args, field) => {
    const { data, code, errors } = await list(browser, args)

    expect(code).toBe('BAD_INPUT')
    expect(errors[0]?.extensions).toMatchObject({ field })
    expect(data).toBeFalsy()
  })

  test.each([
    '2026-01-01', '2026-01-01T00:00:00', 'yesterday', '', '2026-02-30T00:00:00Z', '2026-01-01T25:00:00Z', '+275760-09-13T00:00:00Z', 0,
    '0000-01-01T00:00:00Z', '0000-01-01T00:00:00+23:59', '9999-12-31T23:59:59-23:59',
  ])('%j is no instant', async (updatedSince) => {
    expect((await list(browser, { updatedSince })).code).toBe('BAD_INPUT')
  }) // prettier-ignore

  test.each(['0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z'])('%j is an instant', async (updatedSince) => {
    expect((await page(browser, { updatedSince })).totalCount).toBe(updatedSince.startsWith('0') ? 2 : 0)
  })

  test('null stands for none where it cannot widen what is asked for', async () => {
    expect(titles(await page(browser, { first: null, after: null, last: null, before: null }))).toEqual(['2', '1'])
  })
})

describe('filters', () => {
  test('all together', async () => {
    const { browser } = await signIn(app)
    const old = await made(browser, { collection: 'notes', title: 'plan A' })
    await made(browser, { collection: 'tasks', title: 'plan B' })
    await made(browser, { collection: 'notes', title: 'other' })
    const kept = await made(browser, { collection: 'notes', title: 'Plan C' })
    const updatedSince = kept.updatedAt
    const args = { collection: 'notes', titleContains: 'plan' }

    expect(titles(await page(browser, args))).toEqual(['Plan C', 'plan A'])
    expect(titles(await page(browser, { ...args, updatedSince }))).toEqual(['Plan C'])
    await update(browser, { id: old.id, revision: 1, data: 'touched' })
    const both = await page(browser, { ...args, updatedSince, first: 1 })
    expect([titles(both), both.totalCount, both.pageInfo.hasNextPage]).toEqual([['Plan C'], 2, true])
    expect(titles(await page(browser, { ...args, updatedSince, after: both.pageInfo.endCursor }))).toEqual(['plan A'])
    expect((await page(browser, { collection: 'note' })).totalCount).toBe(0)
  })

  test('updatedSince means that instant or later, to the millisecond, in any zone', async () => {
    const { browser } = await signIn(app)
    const { updatedAt } = await made(browser, { title: 'x' })
    const shifted = (ms: number) => new Date(Date.parse(updatedAt) + ms).toISOString()
    const inAnotherZone = new Date(Date.parse(updatedAt) + 2 * 3_600_000).toISOString().replace('Z', '+02:00')

    expect((await page(browser, { updatedSince: updatedAt })).totalCount).toBe(1)
    expect((await page(browser, { updatedSince: inAnotherZone })).totalCount).toBe(1)
    expect((await page(browser, { updatedSince: shifted(1) })).totalCount).toBe(0)
  })

  test.each([
    ['ärger', 'ÄRGER mit Öl', true],
    ['ÄRGER', 'ärger', true],
    ['a\u0308rger', 'Ärger', true], // the same letter in two pieces
    ['ΟΔΟΣ', 'οδος 7', true],
    ['οδοσ', 'ΟΔΟΣ', true],
    ['ＡＢＣ', 'abc', true],
    ['100%', '100% sure', true],
    ['100%', '1000 sure', false],
    ['%', 'nothing of the kind', false],
    ['_', 'snake_case', true],
    ['_', 'camelCase', false],
    ['\\', 'C:\\Windows', true],
    ['\\', 'C:/Windows', false],
    ['\\%', 'a\\%b', true],
    ['*', 'glob', false],
    ["'", "O'Brien", true],
    ['  ', 'a b', false],
    ['日本', 'の日本語', true],
    ['😀', 'a 😀 b', true],
    ['x'.repeat(200), `y${'x'.repeat(200)}z`, true],
    ['\ufdfa'.repeat(200), 'no', false], // each becomes eighteen letters
  ])('titleContains %j and the title %j', async (titleContains, title, found) => {
    const { browser } = await personWith(app, [title])
    await made(browser) // without a title
    expect((await page(browser, { titleContains })).totalCount).toBe(found ? 1 : 0)
  })

  test('a title that is cleared is found no more', async () => {
    const { browser, records } = await personWith(app, ['needle'])
    await update(browser, { id: records[0]?.id, revision: 1, title: null })
    expect((await page(browser, { titleContains: 'needle' })).totalCount).toBe(0)
  })
})
