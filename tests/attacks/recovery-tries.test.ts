import { describe, expect, onTestFinished } from 'vitest'
import { startTestApp, test } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import type { Visitor } from '../support/browser-like.ts'
import { provider } from '../support/databases.ts'
import { random } from '../support/envelopes.ts'
import { signIn } from '../support/people.ts'
import { together } from './mail-links-support.ts'
import {
  answered,
  askToInitiate,
  DAY,
  HOUR,
  initiate,
  MINUTE,
  openRequest,
  passTime,
  questionsOwner,
  recoveryStatus,
  requestsOf,
  showAnswers,
  showCode,
  tabOf,
} from './recovery-support.ts'

/** Somebody whose questions may be answered. */
async function asked(app: TestApp) {
  const owner = await questionsOwner(app)
  await initiate(owner.browser, 'SECURITY_QUESTIONS')
  return owner
}

const wrong = (browser: Visitor) => showAnswers(browser, '0-1', random(32)).then(({ code }) => code)

describe('R4: the tries of answers', () => {
  test('R4: the fifth wrong pair ends the recovery, also for the right one, for seven days', async ({ app }) => {
    const { browser, held, questions } = await asked(app)
    for (let tries = 1; tries <= 5; tries++) {
      expect(await wrong(browser)).toBe('PROOF_INVALID')
      expect((await requestsOf(app, held.userId))[0]?.wrongAnswers).toBe(tries)
    }
    expect(await requestsOf(app, held.userId)).toMatchObject([
      { isOpen: null, closeReason: 'too-many-tries', wrongAnswers: 5, answeredAt: null },
    ])
    expect((await showAnswers(browser, '0-1', questions.verifiers['0-1'])).code).toBe('RECOVERY_NOT_OPEN')
    expect((await askToInitiate(browser, 'SECURITY_QUESTIONS')).code).toBe('RECOVERY_UNAVAILABLE')
    expect((await recoveryStatus(browser)).request?.state ?? 'CANCELLED').toBe('CANCELLED')

    await passTime(app, held.userId, 7 * DAY - MINUTE)
    expect((await askToInitiate(browser, 'SECURITY_QUESTIONS')).code).toBe('RECOVERY_UNAVAILABLE')
    await passTime(app, held.userId, MINUTE)
    expect((await askToInitiate(browser, 'SECURITY_QUESTIONS')).code).toBeNull()
  })

  test('R4: the fifth try may still be the right one', async ({ app }) => {
    const { browser, questions } = await asked(app)
    for (let tries = 0; tries < 4; tries++) expect(await wrong(browser)).toBe('PROOF_INVALID')
    const { payload } = answered(await showAnswers(browser, '0-1', questions.verifiers['0-1']))
    expect(payload).toMatchObject({ slot: null, request: { state: 'WAITING' } })
  })

  test('R4: five wrong pairs in the middle of the wait, or at its end, end it as well', async ({ app }) => {
    for (const ms of [HOUR, 2 * DAY]) {
      const { browser, held, questions } = await asked(app)
      answered(await showAnswers(browser, '1-2', questions.verifiers['1-2']))
      await passTime(app, held.userId, ms)
      for (let tries = 0; tries < 5; tries++) expect(await wrong(browser)).toBe('PROOF_INVALID')
      expect((await showAnswers(browser, '1-2', questions.verifiers['1-2'])).code).toBe('RECOVERY_NOT_OPEN')
      expect(await requestsOf(app, held.userId)).toMatchObject([{ closeReason: 'too-many-tries' }])
    }
  })

  test('R4: of fifty wrong pairs at once over two processes five are counted, and the recovery is over', async ({
    app,
  }) => {
    const other = await app.second()
    const { browser, held, questions } = await asked(app)
    const elsewhere = tabOf(browser, other)
    const codes = await together(50, (index) => wrong(index % 2 === 0 ? browser : elsewhere))

    const counts = { proof: 0, closed: 0 }
    for (const code of codes) counts[code === 'PROOF_INVALID' ? 'proof' : 'closed'] += 1
    expect(new Set(codes)).toEqual(
      new Set(codes.filter((code) => /^(PROOF_INVALID|RECOVERY_NOT_OPEN)$/.test(code ?? ''))),
    )
    expect(counts.proof).toBeGreaterThanOrEqual(5)
    expect(await requestsOf(app, held.userId)).toMatchObject([{ closeReason: 'too-many-tries', wrongAnswers: 5 }])
    expect((await showAnswers(browser, '0-1', questions.verifiers['0-1'])).code).toBe('RECOVERY_NOT_OPEN')
  })

  test('R4: a right pair among fifty wrong ones at once releases nothing that the cap forbids', async ({ app }) => {
    const other = await app.second()
    const { browser, held, questions } = await asked(app)
    const elsewhere = tabOf(browser, other)
    for (let tries = 0; tries < 5; tries++) await wrong(browser)
    const answers = await together(50, (index) =>
      showAnswers(index % 2 === 0 ? browser : elsewhere, '0-1', questions.verifiers['0-1']),
    )
    expect(new Set(answers.map(({ code }) => code))).toEqual(new Set(['RECOVERY_NOT_OPEN']))
    expect(await requestsOf(app, held.userId)).toMatchObject([{ answeredAt: null, releasedAt: null }])
  })

  test('R4: a restart gives no further tries, nor does another session, nor starting again', async ({ app }) => {
    const { browser, held, email, questions } = await asked(app)
    for (let tries = 0; tries < 2; tries++) expect(await wrong(browser)).toBe('PROOF_INVALID')
    await app.restart()
    const second = await signIn(app, email)
    expect(await wrong(second.browser)).toBe('PROOF_INVALID')
    await initiate(second.browser, 'SECURITY_QUESTIONS')
    await initiate(second.browser, 'RECOVERY_CODE')
    expect(await wrong(browser)).toBe('PROOF_INVALID')
    await app.restart()
    expect(await wrong(second.browser)).toBe('PROOF_INVALID')
    expect((await showAnswers(browser, '0-1', questions.verifiers['0-1'])).code).toBe('RECOVERY_NOT_OPEN')
    expect(await requestsOf(app, held.userId)).toMatchObject([{ closeReason: 'too-many-tries', wrongAnswers: 5 }])
  })

  test('R4: a way by code in between gives no further tries: the questions are begun once a day', async ({ app }) => {
    const { browser, held } = await asked(app)
    for (let tries = 0; tries < 4; tries++) await wrong(browser)
    await initiate(browser, 'RECOVERY_CODE')
    await initiate(browser, 'SECURITY_QUESTIONS')
    expect(await requestsOf(app, held.userId)).toHaveLength(1)
    expect(await wrong(browser)).toBe('PROOF_INVALID')
    expect((await askToInitiate(browser, 'SECURITY_QUESTIONS')).code).toBe('RECOVERY_UNAVAILABLE')
  })

  test('R4: whoever has only one right answer learns nothing of it', async ({ app }) => {
    const { browser, questions } = await asked(app)
    // The verifier of one pair for another: one of its answers is right there.
    const near = await showAnswers(browser, '0-2', questions.verifiers['0-1'])
    const far = await showAnswers(browser, '0-2', random(32))
    expect({ data: near.data, errors: near.errors }).toEqual({ data: far.data, errors: far.errors })
    expect(near.code).toBe('PROOF_INVALID')
  })

  const redisUrl = process.env['TEST_REDIS_URL']
  test.skipIf(provider === 'sqlite' || !redisUrl)('R4: Redis that lost everything gives no further tries', async () => {
    const named = new URL(redisUrl ?? '')
    named.pathname = '/13'
    const app = await startTestApp({ env: { REDIS_URL: named.href } })
    onTestFinished(() => app.close())
    const { browser, held, questions } = await asked(app)
    for (let tries = 0; tries < 5; tries++) {
      expect(await wrong(browser)).toBe('PROOF_INVALID')
      await app.services.redis?.flushdb()
    }
    expect((await showAnswers(browser, '0-1', questions.verifiers['0-1'])).code).toBe('RECOVERY_NOT_OPEN')
    expect((await askToInitiate(browser, 'SECURITY_QUESTIONS')).code).toBe('RECOVERY_UNAVAILABLE')
    expect(await requestsOf(app, held.userId)).toHaveLength(1)
  })
})

describe('R4: the tries of codes', () => {
  test('R4: wrong codes do not use up the tries of answers, nor keep the right one out, nor the other way', async ({
    app,
  }) => {
    const { browser, held, codes, questions } = await asked(app)
    for (let tries = 0; tries < 25; tries++) expect((await showCode(browser, random(32))).code).toBe('PROOF_INVALID')
    answered(await showAnswers(browser, '0-1', questions.verifiers['0-1']))
    for (let tries = 0; tries < 4; tries++) await wrong(browser)
    expect(await openRequest(app, held.userId)).toMatchObject({ wrongAnswers: 4, releasedAt: null })
    expect(answered(await showCode(browser, codes[0] ?? '')).payload.slot).not.toBeNull()
  })
})
