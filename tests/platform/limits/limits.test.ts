import { randomBytes } from 'node:crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { EVERY_FIELD, limitsInForce } from '../../../src/features/limits.ts'
import { openKeyring } from '../../../src/platform/crypto/keyring.ts'
import { LimiterUnavailableError } from '../../../src/platform/limits/limiter.ts'
import { openLimits } from '../../../src/platform/limits/limits.ts'
import { closeRedis, openRedis } from '../../../src/platform/redis.ts'
import { openTestRedis, TEST_REDIS_URL } from './openers.ts'

const keys = openKeyring([{ id: 'k1', bytes: randomBytes(32) }])
const rows = limitsInForce({ scale: 1, overrides: {} })
const settings = { rows, everyCall: EVERY_FIELD, keys, now: () => new Date(1_700_000_000_000) }
const inMemory = () => openLimits({ ...settings, redis: null })
const ada = { ipAddress: '192.0.2.1', address: 'ada@example.org' }

const times = async <Result>(count: number, call: (n: number) => Promise<Result>): Promise<Result[]> =>
  Promise.all(Array.from({ length: count }, (_, n) => call(n)))
const passed = (taken: { allowed: boolean }[]): number => taken.filter(({ allowed }) => allowed).length

test('three mails an hour to an address, from wherever they are asked for', async () => {
  const limits = inMemory()
  expect(passed(await times(20, (n) => limits.take('requestMagicLink', { ...ada, ipAddress: `192.0.2.${n}` })))).toBe(3)
})

test('thirty mails an hour from a network, to whomever', async () => {
  const limits = inMemory()
  expect(
    passed(await times(60, (n) => limits.take('requestMagicLink', { ...ada, address: `p${n}@example.org` }))),
  ).toBe(30)
})

test('L2: a thousand addresses of one /64 are one bucket', async () => {
  const limits = inMemory()
  const call = (n: number) => limits.take('verifyMagicLink', { ipAddress: `2001:db8:1:2::${n.toString(16)}` })
  expect(passed(await times(1_000, call))).toBe(30)
})

test('L2: ::ffff:1.2.3.4 is 1.2.3.4', async () => {
  const limits = inMemory()
  const call = (n: number) => limits.take('verifyMagicCode', { ipAddress: n % 2 ? '1.2.3.4' : '::ffff:1.2.3.4' })
  expect(passed(await times(100, call))).toBe(30)
})

test('a hundred operations on data an hour for a user; another user has their own', async () => {
  const limits = inMemory()
  expect(passed(await times(150, () => limits.take('data', { ...ada, userId: 'a' })))).toBe(100)
  expect((await limits.take('data', { ...ada, userId: 'b' })).allowed).toBe(true)
})

test('a call that costs more takes more', async () => {
  const limits = inMemory()
  expect(passed(await times(5, () => limits.take('data', { ...ada, userId: 'a' }, 40)))).toBe(2)
})

test('with nobody signed in, the network alone is counted', async () => {
  const { states } = await inMemory().take('data', { ipAddress: '192.0.2.1' })
  expect(states.map(({ max }) => max)).toEqual([6_000])
})

test("one session's calls do not use up another's of the same user", async () => {
  const limits = inMemory()
  await times(700, () => limits.take('account', { ...ada, userId: 'a', sessionId: 'thief' }))
  expect((await limits.take('account', { ...ada, userId: 'a', sessionId: 'owner' })).allowed).toBe(true)
})

test('a limit by address refuses to go on without one, and an unknown limit does not exist', async () => {
  await expect(inMemory().take('requestMagicLink', { ipAddress: null })).rejects.toThrow('without one')
  await expect(inMemory().take('nothing', ada)).rejects.toThrow('no limit named nothing')
})

test('with Redis away, mail is refused, and everything else is counted here', async () => {
  const redis = await openRedis('redis://127.0.0.1:1')
  onTestFinished(() => closeRedis(redis))
  const limits = openLimits({ ...settings, redis })
  await expect(limits.take('requestMagicLink', ada)).rejects.toThrow(LimiterUnavailableError)
  expect(passed(await times(150, () => limits.take('data', { ...ada, userId: 'a' })))).toBe(100)
  expect(passed(await times(50, () => limits.take('verifyMagicCode', ada)))).toBe(30)
  expect((await limits.take('account', { ...ada, userId: 'a', sessionId: 's' })).allowed).toBe(true)
})

describe.skipIf(!TEST_REDIS_URL)('on Redis', () => {
  test('L1: two processes share the shared rows, and count the local ones each for itself', async () => {
    const { prefix, connect, close } = await openTestRedis()
    onTestFinished(close)
    const [one, other] = [
      openLimits({ ...settings, redis: await connect(), prefix }),
      openLimits({ ...settings, redis: await connect(), prefix }),
    ]
    expect(passed(await times(100, (n) => (n % 2 ? one : other).take('requestMagicLink', ada)))).toBe(3)
    const me = { ...ada, userId: 'a', sessionId: 's' }
    expect(passed(await times(1_400, (n) => (n % 2 ? one : other).take('account', me)))).toBe(1_200)
  })

  test('no address of a person or a network stands in Redis', async () => {
    const { prefix, connect, close } = await openTestRedis()
    onTestFinished(close)
    const redis = await connect()
    await openLimits({ ...settings, redis, prefix }).take('requestMagicLink', ada)
    const names = await redis.keys(`${prefix}*`)
    expect(names).toHaveLength(2)
    expect(names.join()).not.toMatch(/ada|example|192\.0/)
  })
})
