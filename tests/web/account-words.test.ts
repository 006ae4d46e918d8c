import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { wordsFor } from '../../src/web/account/audit-words.ts'
import { nextSteps, type Facts } from '../../src/web/account/next-steps.ts'

// What the pages of the account say, without a browser.

describe('the words of the security log', () => {
  const folder = path.join(import.meta.dirname, '..', '..', 'src', 'features')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  const written = files.flatMap((file) =>
    [
      ...readFileSync(path.join(folder, file), 'utf8').matchAll(/(?:action: |action = |log\(|\? )'([a-z]+\.[a-z-]+)'/g),
    ].map(([, action = '']) => action),
  )

  test('there are some of their own for each action that the server writes', () => {
    expect(written.length).toBeGreaterThan(30)
    const spelled = (action: string) => action.replace(/[.-]/g, ' ')
    const bare = [...new Set(written)].filter((action) => wordsFor({ action, details: null }).toLowerCase() === spelled(action)) // prettier-ignore
    expect(bare).toEqual([])
  })

  test.each([
    ['record.read', { count: 25 }, '25 notes or records were read'],
    ['record.read', { count: 0 }, 'Nothing was found among notes or records'],
    ['record.created', null, 'A note or record was made'],
    ['login.succeeded', { method: 'PASSKEY' }, 'Signed in, by a passkey'],
    ['login.failed', { method: 'SOME_DAY' }, 'A sign-in failed'],
    ['keySlot.taken-away', null, 'Key slot taken away'],
    ['odd', ['no', 'object'], 'Odd'],
  ])('%s with %j is told as %j', (action, details, words) => {
    expect(wordsFor({ action, details })).toBe(words)
  })
})

describe('what is worth doing next', () => {
  const rotation = { fromKeyId: 'a', toKeyId: 'b', recordsLeft: 2, startedAt: '2026-01-01T00:00:00Z', finishedAt: null }
  const inOrder: Facts = {
    devices: { passkeys: [{ id: 'passkey_1' }], sessions: [], passkeysLeft: 4 } as unknown as Facts['devices'], // what the rules read
    encryption: { enabled: true, recoveryCodesLeft: 8, rotation: null } as Facts['encryption'],
    recovery: { request: null, freshStart: null } as Facts['recovery'],
    unseen: 0,
  }
  const titles = (facts: Partial<Facts>) => nextSteps({ ...inOrder, ...facts }).map(({ title }) => title)

  test('is nothing where all is in order', () => {
    expect(titles({})).toEqual([])
  })

  test.each([
    [8, []],
    [4, []],
    [3, ['3 recovery codes are left']],
    [1, ['One recovery code is left']],
    [0, ['No recovery code is left']],
  ])('with %i codes left: %j', (recoveryCodesLeft, expected) => {
    expect(titles({ encryption: { ...inOrder.encryption, recoveryCodesLeft } })).toEqual(expected)
  })

  test('is a change of keys that nobody has finished', () => {
    expect(titles({ encryption: { ...inOrder.encryption, rotation } })).toEqual([
      'A change of your keys is not finished',
    ])
    const finished = { ...rotation, finishedAt: '2026-01-01T00:01:00Z' }
    expect(titles({ encryption: { ...inOrder.encryption, rotation: finished } })).toEqual([])
  })

  test('begins with a recovery that is under way, then the alerts', () => {
    const request = { state: 'WAITING' } as Facts['recovery']['request'] // what the rule reads
    const recovery = { ...inOrder.recovery, request }
    expect(titles({ recovery, unseen: 2 })).toEqual(['A recovery is under way', '2 alerts that you have not seen'])
  })
})
