import { expect, test } from 'vitest'
import { LatchkeyError } from '../../src/client/index.ts'
import { explain, whyNot } from '../../src/web/words.ts'

const textFor = (...error: ConstructorParameters<typeof LatchkeyError>) => explain(new LatchkeyError(...error)).text

test.each([
  ['name', /^A name has 1 to 64 characters/],
  ['email', /not a mail address/],
  ['response', /^The server cannot read what this page sent/],
  [undefined, /^The server cannot read what this page sent/],
])('BAD_INPUT is explained by the field that it names: %s', (field, words) => {
  expect(textFor('BAD_INPUT', 'No.', { field })).toMatch(words)
})

test.each(['CHALLENGE_INVALID', 'PASSKEY_EXISTS', 'PASSKEY_INVALID', 'PASSKEYS_UNAVAILABLE'] as const)(
  '%s says that mail goes on working',
  (code) => {
    expect(textFor(code, 'No.')).toMatch(/Signing in by mail (goes on working|works)\.$/)
  },
)

test.each([
  ['beginPasskeyRegistration', /^Five passkeys .* Signing in by mail goes on working\.$/],
  ['createRecord', /^Your account is full: it keeps 10,000 .* Delete some/],
  ['securityAlertAdded', /^There are as many of these as may be/],
])('QUOTA_EXCEEDED is explained by what was done: %s', (operation, words) => {
  expect(textFor('QUOTA_EXCEEDED', 'No.', { path: [operation], limit: 10_000 })).toMatch(words)
})

test('TOO_LARGE is explained by what is too long', () => {
  expect(textFor('TOO_LARGE', 'No.', { field: 'title' })).toMatch(/^The title is too long/)
  expect(textFor('TOO_LARGE', 'No.', { field: 'encryptedData' })).toMatch(/^That is too long to be saved/)
})

test.each(['CANCELLED', 'ABORTED', 'UNSUPPORTED', 'ALREADY_REGISTERED'] as const)(
  'a passkey that was not used (%s) lets mail be offered only where it would do instead',
  (reason) => {
    expect(whyNot(reason, { to: 'add' })).not.toMatch(/mail/)
    expect(whyNot(reason, { to: 'prove', methods: ['PASSKEY'] })).not.toMatch(/mail/)
    if (reason === 'ALREADY_REGISTERED') return
    expect(whyNot(reason, { to: 'prove', methods: ['PASSKEY', 'MAGIC_LINK'] })).toMatch(/A code by mail works/)
    expect(whyNot(reason, { to: 'sign-in' })).toMatch(/A link by mail works/)
  },
)

test.each([
  ['locked', /closed for seven days, because it was stopped.* on\.$/],
  ['changed-lately', /closed for seven days, because the questions or the mail address were changed/],
  ['switched-off', /does not offer security questions/],
  ['something new', /cannot be opened this way/],
])('a way to recover that is closed says why, and until when: %s', (reason, words) => {
  const extensions = { reason, availableAt: '2026-12-04T12:00:00Z' }
  expect(textFor('RECOVERY_UNAVAILABLE', 'No.', { extensions })).toMatch(words)
})

test('a way that was begun within the day says so, and nothing is held back: another may be open', () => {
  const explained = explain(new LatchkeyError('RATE_LIMITED', 'No.', { field: 'method', retryAfter: 7200 }))
  expect(explained).toEqual({ text: expect.stringMatching(/begun within the last day already.*in 2 hours/) })
})

test.each([
  ['answers[2]', /^Answer 3 needs three letters/],
  ['questions[0]', /^Question 1 has 1 to 200/],
  ['confirmation', /not the mail address of this account/],
])('what is wrong with a form of recovery is said by its field: %s', (field, words) => {
  expect(textFor('BAD_INPUT', 'No.', { field })).toMatch(words)
})
