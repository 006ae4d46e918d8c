import { beforeEach, expect, test } from 'vitest'
import { ofPerson, whoAsks } from '../../src/web/of-person.ts'
import { viewer } from '../../src/web/viewer.ts'

// What a page keeps of one person, as people come and go.

const ada = { id: 'user_a', email: 'ada@example.com', displayName: null, createdAt: '', lastLoginAt: null }
const ben = { ...ada, id: 'user_b', email: 'ben@example.com' }

const arrives = (user: typeof ada): void => {
  viewer.value = { kind: 'SIGNED_IN', user: { __typename: 'User', ...user } }
}

beforeEach(() => arrives(ada))

test('it is blank again for the next person, and for nobody', () => {
  const kept = ofPerson('')
  kept.value = 'of Ada'
  arrives({ ...ada, displayName: null }) // asked for anew
  expect(kept.value).toBe('of Ada')
  arrives(ben)
  expect(kept.value).toBe('')
  kept.value = 'of Ben'
  viewer.value = { kind: 'SIGNED_OUT', why: 'LEFT' }
  expect(kept.value).toBe('')
})

test('a late answer is told from one for whoever is there', () => {
  const isTheirs = whoAsks()
  expect(isTheirs()).toBe(true)
  arrives(ben)
  expect(isTheirs()).toBe(false)
})
