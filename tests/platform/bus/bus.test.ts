import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { memoryBus } from '../../../src/platform/bus/bus.ts'
import { redisBus } from '../../../src/platform/bus/redis-bus.ts'
import { closeRedis, openRedis } from '../../../src/platform/redis.ts'
import { layCable } from '../../support/cable.ts'

const redisUrl = process.env['TEST_REDIS_URL']

test('a message wakes all hearers of its topic, and nobody else', () => {
  const bus = memoryBus()
  const heard: string[] = []
  bus.subscribe('a', () => heard.push('one'))
  bus.subscribe('a', () => heard.push('two'))
  bus.subscribe('b', () => heard.push('other'))
  bus.publish('a')
  expect(heard).toEqual(['one', 'two'])
})

test('who no longer listens hears nothing, also where the same function listens twice', () => {
  const bus = memoryBus()
  let heard = 0
  const hear = () => void (heard += 1)
  const stop = bus.subscribe('a', hear)
  bus.subscribe('a', hear)
  stop()
  stop()
  bus.publish('a')
  expect(heard).toBe(1)
})

describe.skipIf(!redisUrl)('over Redis', () => {
  async function open(url = redisUrl ?? '') {
    const redis = await openRedis(url)
    const bus = redisBus(redis)
    onTestFinished(async () => {
      await bus.close()
      await closeRedis(redis)
    })
    return bus
  }

  /** Publishes until it is heard: the connection that listens may still be on its way. */
  async function reaches(from: { publish(topic: string): void }, topic: string, heard: () => boolean): Promise<void> {
    while (!heard()) {
      from.publish(topic)
      await delay(20)
    }
  }

  test('a message wakes the hearers of another process', async () => {
    const [here, there] = [await open(), await open()]
    const topic = `test:${Math.random()}`
    let [heard, others] = [false, 0]
    there.subscribe(topic, () => (heard = true))
    there.subscribe(`${topic}:other`, () => (others += 1))
    await reaches(here, topic, () => heard)
    expect(others).toBe(0)
  })

  test('when Redis goes away this process still hears itself, and all hear each other once it is back', async () => {
    const cable = await layCable(redisUrl ?? '')
    onTestFinished(() => cable.cut())
    const [here, there] = [await open(cable.url.href), await open(cable.url.href)]
    const topic = `test:${Math.random()}`
    let [near, far] = [0, 0]
    here.subscribe(topic, () => (near += 1))
    there.subscribe(topic, () => (far += 1))
    await reaches(here, topic, () => far > 0)
    await cable.cut()
    near = 0
    here.publish(topic)
    expect(near).toBe(1)
    await cable.mend()
    far = 0
    await reaches(here, topic, () => far > 0)
  })
})
