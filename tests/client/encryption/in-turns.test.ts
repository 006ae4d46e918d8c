import { expect, test } from 'vitest'
import { inTurns } from '../../../src/client/encryption/in-turns.ts'

test('so many run at once and no more, and the results keep the order of the items', async () => {
  const items = Array.from({ length: 25 }, (_, index) => index)
  let [running, most] = [0, 0]
  const results = await inTurns(items, 4, async (item) => {
    most = Math.max(most, (running += 1))
    for (let turn = 0; turn < (item % 3) + 1; turn += 1) await Promise.resolve()
    running -= 1
    return item * 2
  })
  expect(results).toEqual(items.map((item) => item * 2))
  expect(most).toBe(4)
})

test('the first failure ends it: what has not begun never does', async () => {
  const begun: number[] = []
  const work = async (item: number) => {
    begun.push(item)
    await Promise.resolve()
    if (item === 1) throw new Error('refused')
  }
  await expect(inTurns([0, 1, 2, 3, 4, 5, 6, 7], 2, work)).rejects.toThrow('refused')
  const beforeThat = begun.length
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve()
  expect(begun.length).toBe(beforeThat)
  expect(begun.length).toBeLessThan(5)
})

test('nothing is done for no items', async () => {
  expect(await inTurns([], 4, () => Promise.reject(new Error('never')))).toEqual([])
})
