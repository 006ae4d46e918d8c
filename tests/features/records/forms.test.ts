import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp } from '../../support/app.ts'
import type { TestApp } from '../../support/app.ts'
import type { Visitor } from '../../support/browser-like.ts'
import { signIn } from '../../support/people.ts'
import { create, CREATE, jwe, list, made, read, update } from './support.ts'

// Both databases answer alike: what one of them cannot keep is refused before either is asked.
let app: TestApp
let browser: Visitor
let untouched: string
beforeAll(async () => {
  app = await startTestApp()
  browser = (await signIn(app)).browser
  untouched = (await made(browser, { title: 'as it was' })).id
})
afterAll(() => app.close())

/** That a field's value is refused at createRecord and at updateRecord, and nothing is written. */
async function expectRefused(field: string, value: unknown): Promise<void> {
  const before = await stateOfThings()
  expect((await create(browser, { [field]: value })).code).toBe('BAD_INPUT')
  if (field !== 'collection')
    expect((await update(browser, { id: untouched, revision: 1, [field]: value })).code).toBe('BAD_INPUT')
  expect(await stateOfThings()).toEqual(before)
}

async function stateOfThings(): Promise<unknown> {
  const query =
    'query ($id: ID!) { record(id: $id) { title data secret encryptedData revision } records { totalCount } }'
  return (await browser.graphql(query, { id: untouched })).data
}

describe('collection', () => {
  test.each(['n', 'N', 'notes', 'a.b_c:d/e-f', `a${'0'.repeat(63)}`])('takes %j', async (collection) => {
    expect((await made(browser, { collection })).collection).toBe(collection)
  })

  test.each([
    '', ' ', '0notes', '_notes', '/notes', 'no tes', 'notes ', ' notes', 'notes\n', 'nötes', 'note\u0000s', 'notes%', "no'tes",
    '\ud800', 'ｎotes', `a${'0'.repeat(64)}`,
  ])('refuses %j', async (collection) => {
    await expectRefused('collection', collection)
    expect((await list(browser, { collection })).code).toBe('BAD_INPUT')
  }) // prettier-ignore
})

describe('title', () => {
  test.each([
    '', ' ', ' spaces around ', "O'Brien; DROP TABLE records; --", '100 % \\ _', 'e\u0301 is not é', '日本語', '😀👩‍👩‍👧', 'שלום', '\u00a0',
    '\ufeff', '\ufffd', '\u{10ffff}', '$1 ? :x @y {} $z', '<script>alert(1)</script>',
  ])('keeps %j as it is', async (title) => {
    const { id } = await made(browser, { title })
    expect((await read(browser, id)).data?.record?.title).toBe(title)
  }) // prettier-ignore

  test.each([
    '\u0000',
    'a\u0000b',
    'two\nlines',
    'tab\t',
    'bell\u0007',
    '\u001b[31m',
    '\u007f',
    'half \ud83d',
    '\udc00 half',
  ])('refuses %j', async (title) => {
    await expectRefused('title', title)
    expect((await list(browser, { titleContains: title })).code).toBe('BAD_INPUT')
  })
})

describe('data and secret', () => {
  const nested = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels)) as unknown // arrays in arrays

  test.each(['data', 'secret'])(
    '%s keeps what JSON can say, also what a database cannot hold as text',
    async (field) => {
      const value = {
        nul: 'a\u0000b',
        half: '\ud800',
        line: '\u2028\n\t',
        constructor: { prototype: 1 },
        then: 1,
        toJSON: 2,
        'k\u0000': ['\udfff'],
        '': 0,
        1: 1,
        toString: 2,
      }
      const { id } = await made(browser, { [field]: value })
      const answer = await read(browser, id)

      expect(answer.data?.record).toMatchObject({ [field]: value })
    },
  )

  test.each(['data', 'secret'])('%s is at most 32 levels deep', async (field) => {
    const { id } = await made(browser, { [field]: nested(32) })
    expect((await read(browser, id)).data?.record).toMatchObject({ [field]: nested(32) })
    await expectRefused(field, nested(33))
  })

  test('levels by the ten thousand are refused, whether they come as a variable or in the document', async () => {
    const deep = '['.repeat(20_000) + ']'.repeat(20_000)
    const asVariable = `{"query":${JSON.stringify(CREATE)},"variables":{"input":{"collection":"notes","data":${deep}}}}`
    const inDocument = JSON.stringify({
      query: `mutation { createRecord(input: { collection: "notes", data: ${deep} }) { id } }`,
    })

    expect((await browser.graphql('', {}, { body: asVariable })).code).toBe('BAD_INPUT')
    expect((await browser.graphql('', {}, { body: inDocument })).code).toBe('QUERY_REFUSED')
  })

  test('may be written in the document itself, under the same rules', async () => {
    const inDocument = (value: string) =>
      browser.graphql(`mutation { createRecord(input: { collection: "notes", data: ${value} }) { data } }`)

    expect((await inDocument('{ a: [1, "zwei", null, true, 2.5, WORD] }')).data).toEqual({
      createRecord: { data: { a: [1, 'zwei', null, true, 2.5, 'WORD'] } },
    })
    expect((await inDocument('null')).data).toEqual({ createRecord: { data: null } })
    expect((await inDocument('{ __proto__: { admin: true } }')).code).toBe('BAD_INPUT')
    expect((await inDocument('['.repeat(33) + ']'.repeat(33))).code).toBe('BAD_INPUT')
  })

  test('a variable inside of a value is put in its place, and checked there', async () => {
    const query =
      'mutation ($a: JSON, $b: JSON) { createRecord(input: { collection: "notes", data: { a: $a, b: [$b] } }) { data } }'

    expect((await browser.graphql(query, { a: { x: 1 }, b: null })).data).toEqual({
      createRecord: { data: { a: { x: 1 }, b: [null] } },
    })
    expect((await browser.graphql(query, { a: nested(32) })).code).toBe('BAD_INPUT')
  })

  test('a number too large for JSON is refused, not turned into null', async () => {
    for (const number of ['1e999', '[-1e999]']) {
      const variables = `{"input":{"collection":"notes","data":${number}}}`
      const body = `{"query":${JSON.stringify(CREATE)},"variables":${variables}}`
      expect((await browser.graphql('', {}, { body })).code).toBe('BAD_INPUT')
      expect(
        (await browser.graphql(`mutation { createRecord(input: { collection: "notes", data: ${number} }) { data } }`))
          .code,
      ).toBe('BAD_INPUT')
    }
  })
})

describe('encryptedData', () => {
  const withHeader = (header: unknown) => jwe({ header: header as object }) // also what is no object, to be refused
  const [header = '', , iv = '', ciphertext = '', tag = ''] = jwe().split('.')

  test('is kept as it is, with the key id that its header names', async () => {
    for (const kid of ['k', 'ein Schlüssel', 'x'.repeat(128)]) {
      const encryptedData = withHeader({
        alg: 'ECDH-ES+A256KW',
        enc: 'A256GCM',
        kid,
        epk: { kty: 'OKP' },
        crit: ['ctx'],
      })
      expect(await made(browser, { encryptedData })).toMatchObject({ encryptedData, keyId: kid })
    }
    const wrapped = [header, 'd3JhcHBlZA', iv, ciphertext, tag].join('.')
    expect((await made(browser, { encryptedData: wrapped })).encryptedData).toBe(wrapped)
    expect((await made(browser, { encryptedData: withHeader({ alg: 'dir', enc: 'A256GCM' }) })).keyId).toBeNull()
  })

  test.each([
    ['nothing', ''],
    ['plain text', 'hello'],
    ['three parts, a signed token', 'eyJhbGciOiJub25lIn0.e30.x'],
    ['six parts', `${jwe()}.AA`],
    ['no initialisation vector', [header, '', '', ciphertext, tag].join('.')],
    ['no ciphertext', [header, '', iv, '', tag].join('.')],
    ['no tag', [header, '', iv, ciphertext, ''].join('.')],
    ['no header', ['', '', iv, ciphertext, tag].join('.')],
    ['padding', [header, '', iv, `${ciphertext}=`, tag].join('.')],
    ['the other base64', [header, '', iv, 'a+b/', tag].join('.')],
    ['a line break behind it', `${jwe()}\n`],
    ['NUL', `${jwe()}\u0000`],
    ['a header that is no JSON', ['bm8', '', iv, ciphertext, tag].join('.')],
    ['a header that is null', withHeader(null)],
    ['a header that is a list', withHeader([])],
    ['a header without alg', withHeader({ enc: 'A256GCM' })],
    ['a header without enc', withHeader({ alg: 'dir' })],
    ['an alg that is no text', withHeader({ alg: 1, enc: 'A256GCM' })],
    ['a key id that is no text', withHeader({ alg: 'dir', enc: 'A256GCM', kid: 7 })],
    ['an empty key id', withHeader({ alg: 'dir', enc: 'A256GCM', kid: '' })],
    ['a long key id', withHeader({ alg: 'dir', enc: 'A256GCM', kid: 'x'.repeat(129) })],
    ['a key id with NUL', withHeader({ alg: 'dir', enc: 'A256GCM', kid: 'a\u0000b' })],
    ['a key id with a line break', withHeader({ alg: 'dir', enc: 'A256GCM', kid: 'a\nb' })],
    ['a key id with half a character', withHeader({ alg: 'dir', enc: 'A256GCM', kid: '\ud800' })],
    ['a long header', withHeader({ alg: 'dir', enc: 'A256GCM', x: 'x'.repeat(1_000) })],
  ])('refuses %s', async (_name, encryptedData) => {
    await expectRefused('encryptedData', encryptedData)
  })
})
