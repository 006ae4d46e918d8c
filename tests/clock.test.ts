import { expect, test } from 'vitest'
import { steadyClock } from '../src/clock.ts'

const HOUR = 3_600_000

test('S7: where the machine is set back, time goes on by what has really passed', () => {
  let machine = Date.UTC(2026, 0, 1, 12)
  let elapsed = 0
  const now = steadyClock(
    () => new Date(machine),
    () => elapsed,
  )
  const before = now().getTime()
  machine -= HOUR
  expect(now().getTime()).toBe(before)
  elapsed += 60_000
  machine += 60_000
  expect(now().getTime()).toBe(before + 60_000)
})

test('a machine that is set forward is followed', () => {
  let machine = Date.UTC(2026, 0, 1, 12)
  const now = steadyClock(
    () => new Date(machine),
    () => 0,
  )
  now()
  machine += HOUR
  expect(now().getTime()).toBe(machine)
})
