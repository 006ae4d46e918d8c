import { expect, test } from 'vitest'
import { AppError } from '../../src/errors.ts'
import { openBackground } from '../../src/platform/background.ts'
import { silentLog } from '../../src/platform/log.ts'
import { MOST_STREAMS, openStreams } from '../../src/platform/streams.ts'

const codeOf = (open: () => unknown): string => {
  try {
    open()
    return 'open'
  } catch (error) {
    return error instanceof AppError ? error.code : 'another error'
  }
}

test('a process holds so many streams and no more; one that closes makes room, once', () => {
  let told = 0
  const streams = openStreams((open) => (told = open))
  const all = Array.from({ length: MOST_STREAMS.process }, (_, index) => streams.open(`session-${index}`))
  expect(codeOf(() => streams.open('another'))).toBe('UNAVAILABLE')
  all[0]?.close()
  all[0]?.close()
  expect(told).toBe(MOST_STREAMS.process - 1)
  expect(codeOf(() => streams.open('another'))).toBe('open')
  expect(codeOf(() => streams.open('one more'))).toBe('UNAVAILABLE')
})

test('the end ends each, and takes no more', () => {
  const streams = openStreams()
  const open = [streams.open('a'), streams.open('a'), streams.open('b')]
  expect(open.map(({ signal }) => signal.aborted)).toEqual([false, false, false])
  streams.end()
  expect(open.map(({ signal }) => signal.aborted)).toEqual([true, true, true])
  expect(codeOf(() => streams.open('c'))).toBe('UNAVAILABLE')
})

test('work in the background is waited for, and what it throws is logged', async () => {
  const lines: unknown[] = []
  const background = openBackground({
    ...silentLog,
    error: (event, fields) => void lines.push([event, fields?.['name']]),
  })
  let release = () => {}
  const held = new Promise<void>((resolve) => (release = resolve))
  let [settled, done] = [false, false]
  background.run('slow', async () => {
    await held
    background.run('begun by it', () => {
      done = true
      throw new Error('no')
    })
  })
  const waiting = background.settled().then(() => (settled = true))
  await new Promise((resolve) => setImmediate(resolve))
  expect(settled).toBe(false)
  release()
  await waiting
  expect([settled, done]).toEqual([true, true])
  expect(lines).toEqual([['background.failed', 'begun by it']])
})
