import { expect, test } from 'vitest'
import { bareId, contextOf, revisionIn } from '../../../src/shared/encryption/contexts.ts'

const [USER, RECORD, OTHER] = [1, 2, 3].map((last) => `01900000-0000-7000-8000-00000000000${last}`) as [
  string,
  string,
  string,
]

test('no two contexts are the same', () => {
  const contexts = [
    contextOf.slot(USER, RECORD, 'PASSPHRASE', 1),
    contextOf.slot(USER, RECORD, 'PASSKEY', 1),
    contextOf.slot(USER, RECORD, 'RECOVERY_CODE', 1),
    contextOf.slot(USER, RECORD, 'SECURITY_QUESTIONS', 1),
    contextOf.slot(USER, RECORD, 'PASSPHRASE', 2),
    contextOf.slot(RECORD, USER, 'PASSPHRASE', 1),
    contextOf.ring(USER, 1, 2),
    contextOf.ring(USER, 2, 1),
    contextOf.record(USER, RECORD, 1),
    contextOf.record(USER, RECORD, 2),
    contextOf.record(RECORD, USER, 1),
  ]
  expect(new Set(contexts).size).toBe(contexts.length)
})

test('the revision is read from the context of this record alone', () => {
  expect(revisionIn(contextOf.record(USER, RECORD, 12), USER, RECORD)).toBe(12)
  const written = (revision: string) => contextOf.record(USER, RECORD, 1).replace(/1$/, revision)
  const others = [
    contextOf.record(USER, OTHER, 12),
    contextOf.record(OTHER, RECORD, 12),
    contextOf.slot(USER, RECORD, 'PASSPHRASE', 12),
    ...['', '0', '-1', '1.5', '01', '1e1', ' 1', '0x1', '9007199254740993', 'Infinity', 'NaN'].map(written),
    '',
  ]
  for (const ctx of others) expect(revisionIn(ctx, USER, RECORD), ctx).toBeNull()
})

test('an id is bare without its prefix, and stays bare', () => {
  expect(bareId(`record_${RECORD}`)).toBe(RECORD)
  expect(bareId(RECORD)).toBe(RECORD)
})
