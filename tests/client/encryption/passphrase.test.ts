import { inspect } from 'node:util'
import { expect, onTestFinished, test, vi } from 'vitest'
import {
  drawBelow,
  estimatePassphrase,
  insistOnStrength,
  proposePassphrase,
} from '../../../src/client/encryption/passphrase.ts'

const email = 'ada.lovelace@example.com'

test('what people choose is weak, with a reason', async () => {
  for (const text of ['', 'password', 'Password123!', 'qwertyuiop', 'letmein2024', 'aaaaaaaaaaaaaaa', 'abcdefghijkl']) {
    const strength = await estimatePassphrase(text, { email })
    expect(strength.weak, text).toBe(true)
    if (text) expect([strength.warning, ...strength.suggestions].join(''), text).not.toBe('')
  }
})

test('what a guesser knows of the person is no secret', async () => {
  for (const text of ['ada.lovelace@example.com', 'adalovelace1', 'lovelace2024', 'adalovelaceexamplecom']) {
    expect((await estimatePassphrase(text, { email })).weak, text).toBe(true)
  }
})

test('few characters are weak however rare they are', async () => {
  const { score, weak } = await estimatePassphrase('x7#Qk!9z', { email })
  expect(score).toBeGreaterThanOrEqual(2)
  expect(weak).toBe(true)
})

test('several rare words are strong, and what is proposed always is', async () => {
  expect(await estimatePassphrase('tarnish gopher quilt envelope', { email })).toMatchObject({ score: 4, weak: false })
  for (let round = 0; round < 20; round += 1) {
    const proposal = await proposePassphrase()
    expect(proposal).toMatch(/^[a-z]+( [a-z]+){5}$/)
    expect(await estimatePassphrase(proposal, { email })).toMatchObject({ score: 4, weak: false })
  }
})

test('the refusal says why, and not what was typed', async () => {
  const refused = await insistOnStrength('Password123!', email).catch((error: unknown) => error)
  expect(refused).toMatchObject({ code: 'PASSPHRASE_WEAK', extensions: { score: 1 } })
  expect(inspect(refused, { depth: 9 })).not.toContain('Password123!')
})

test('words are drawn without favour: a number beyond the last whole round is drawn again', () => {
  const limit = 7776
  const wholeRounds = 2 ** 32 - (2 ** 32 % limit)
  const drawn = [wholeRounds, 2 ** 32 - 1, wholeRounds - 1]
  const spy = vi.spyOn(crypto, 'getRandomValues').mockImplementation((array) => {
    if (array instanceof Uint32Array) array[0] = drawn.shift() ?? 0
    return array
  })
  onTestFinished(() => spy.mockRestore())
  expect(drawBelow(limit)).toBe(limit - 1)
  expect(drawn).toEqual([])
})
