import { expect, expectTypeOf, test } from 'vitest'
import { ERROR_CODES, isLatchkeyError, LatchkeyError, readErrors } from '../../src/client/index.ts'

test('an error carries its code, and the details that the server sent', () => {
  const [error] = readErrors([
    {
      message: 'Prove who you are again.',
      path: ['record', 'secret'],
      extensions: { code: 'REAUTHENTICATION_REQUIRED', level: 'FRESH', methods: ['MAGIC_LINK'] },
    },
  ])
  expect(error).toBeInstanceOf(Error)
  expect(error).toMatchObject({
    name: 'LatchkeyError',
    message: 'Prove who you are again.',
    code: 'REAUTHENTICATION_REQUIRED',
    level: 'FRESH',
    methods: ['MAGIC_LINK'],
    path: ['record', 'secret'],
  })
})

test.each(Object.keys(ERROR_CODES))('the code %s is known', (code) => {
  expect(readErrors([{ message: 'No.', extensions: { code } }])[0]?.code).toBe(code)
})

test('each error knows all errors of its answer, and the data that came with them', () => {
  const data = { record: { title: 'Kept', secret: null } }
  const errors = readErrors([{ message: 'one' }, { message: 'two' }], data, 200)
  expect(errors[1]?.all).toBe(errors)
  expect(errors.map(({ message }) => message)).toEqual(['one', 'two'])
  expect(errors[0]).toMatchObject({ data, status: 200 })
})

test('an error alone is all there is', () => {
  const error = new LatchkeyError('NETWORK', 'No answer.')
  expect(error.all).toEqual([error])
})

test.each([
  ['a code of a newer server', { message: 'No.', extensions: { code: 'TOTP_REQUIRED' } }],
  ['a code that is a name of every object', { message: 'No.', extensions: { code: 'constructor' } }],
  ['a code that is not a text', { message: 'No.', extensions: { code: 7 } }],
  ['no extensions', { message: 'No.' }],
  ['a text in the place of an error', 'No.'],
  ['null in the place of an error', null],
])('what it does not know is UNKNOWN: %s', (_, given) => {
  const [error] = readErrors([given])
  expect(error?.code).toBe('UNKNOWN')
  expect(error?.message).not.toBe('')
})

test('details of the wrong type are left out', () => {
  const extensions = { code: 'RATE_LIMITED', retryAfter: 'soon', methods: 'ALL', currentRevision: null, field: {} }
  const [error] = readErrors([{ message: 'No.', path: 'record', extensions }])
  expect(error).toMatchObject({ code: 'RATE_LIMITED', extensions })
  expect([error?.retryAfter, error?.methods, error?.currentRevision, error?.field, error?.path]).toEqual(
    Array(5).fill(undefined),
  )
})

test('isLatchkeyError tells by code, and its type by its details', () => {
  const error: unknown = readErrors([{ message: 'Late.', extensions: { code: 'CONFLICT', currentRevision: 4 } }])[0]
  expect(isLatchkeyError(error)).toBe(true)
  expect(isLatchkeyError(error, 'CONFLICT')).toBe(true)
  expect(isLatchkeyError(error, 'NOT_FOUND')).toBe(false)
  expect(isLatchkeyError(new Error('CONFLICT'))).toBe(false)
  if (isLatchkeyError(error, 'CONFLICT')) expectTypeOf(error.currentRevision).toEqualTypeOf<number>()
  if (isLatchkeyError(error) && error.code === 'RATE_LIMITED') expectTypeOf(error.retryAfter).toEqualTypeOf<number>()
  if (isLatchkeyError(error)) expectTypeOf(error.limit).toEqualTypeOf<number | undefined>()
})
