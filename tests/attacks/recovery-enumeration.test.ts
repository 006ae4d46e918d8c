import { randomInt } from 'node:crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startTestApp } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import type { Answer } from '../support/browser-like.ts'
import { random } from '../support/envelopes.ts'
import { signIn } from '../support/people.ts'
import {
  answered,
  cancelBy,
  cancelTokenOf,
  codesOwner,
  initiate,
  newKeys,
  COMPLETE,
  questionsOwner,
  showAnswers,
  showCode,
} from './recovery-support.ts'

async function start(): Promise<TestApp> {
  const app = await startTestApp({ env: { RATE_LIMIT_SCALE: '100000' } })
  onTestFinished(() => app.close())
  return app
}

/** What a caller sees of an answer, but times and random values. */
const seen = ({ status, headers, data, errors }: Answer<unknown>) => ({
  status,
  body: { data, errors },
  headers: [...headers]
    .map(([name, value]) => [name, /^(date|ratelimit.*|retry-after)$/.test(name) ? 'changes' : value])
    .sort(),
})

describe('M8: a link that stops a recovery says nothing of what it does not stop', () => {
  test('M8: unknown, used, of an ended recovery, of another purpose, and no token at all: the same answer', async () => {
    const app = await start()
    const stranger = app.browser()
    const used = await codesOwner(app)
    await initiate(used.browser, 'RECOVERY_CODE')
    const usedToken = await cancelTokenOf(app, used.email)
    answered(await cancelBy(stranger, usedToken))

    const done = await codesOwner(app)
    await initiate(done.browser, 'RECOVERY_CODE')
    answered(await showCode(done.browser, done.codes[0] ?? ''))
    answered(await done.browser.graphql(COMPLETE, { input: newKeys(done.held).input }))
    const doneToken = await cancelTokenOf(app, done.email)

    const expired = await codesOwner(app)
    await initiate(expired.browser, 'RECOVERY_CODE')
    const expiredToken = await cancelTokenOf(app, expired.email)
    const where = { userId: expired.held.userId }
    const row = await app.services.database.systemDb.recoveryRequest.findFirstOrThrow({ where })
    await app.services.database.systemDb.recoveryRequest.updateMany({
      where,
      data: { expiresAt: new Date(row.createdAt.getTime() - 1) },
    })

    const open = await codesOwner(app)
    await initiate(open.browser, 'RECOVERY_CODE')
    const { cancelHash, cancelKeyId, id } = await app.services.database.systemDb.recoveryRequest.findFirstOrThrow({
      where: { userId: open.held.userId },
    })
    const tokens = [
      random(32),
      usedToken,
      doneToken,
      expiredToken,
      cancelHash,
      `${cancelKeyId}.${cancelHash}`,
      id,
      `recoveryrequest_${id}`,
      random(31),
      'x',
      '',
      ' ',
      'x'.repeat(2_000),
    ]
    const answers = []
    for (const token of tokens) answers.push(seen(await cancelBy(app.browser(), token)))
    const [first] = answers
    expect(first?.body.errors).toMatchObject([{ extensions: { code: 'LINK_INVALID' } }])
    for (const [index, other] of answers.entries()) expect({ index, ...other }).toEqual({ index, ...first })
    expect(await app.services.database.systemDb.recoveryRequest.count({ where: { isOpen: true, id } })).toBe(1)
  })
})

describe('M8: a proof that is not right says nothing of why', () => {
  test("M8: a wrong code, a used one, another person's, an envelope's, and answers: the same answer", async () => {
    const app = await start()
    const other = await questionsOwner(app)
    const owner = await questionsOwner(app)
    const { browser, codes, questions } = owner
    await initiate(browser, 'SECURITY_QUESTIONS')
    answered(await showCode(browser, codes[0] ?? ''))
    await startedByQuestions(app, owner)

    const answers = [
      await showCode(browser, random(32)),
      await showCode(browser, codes[0] ?? ''),
      await showCode(browser, other.codes[1] ?? ''),
      await showCode(browser, questions.verifiers['0-1']),
      await showAnswers(browser, '0-1', questions.verifiers['0-2']),
      await showAnswers(browser, '0-1', other.questions.verifiers['0-1']),
    ].map(seen)
    const [first] = answers
    expect(first?.body.errors).toMatchObject([{ extensions: { code: 'PROOF_INVALID', field: 'verifier' } }])
    for (const [index, answer] of answers.entries()) expect({ index, ...answer }).toEqual({ index, ...first })
  })

  test('M8: no questions at all, and no codes at all: the same answer again', async () => {
    const app = await start()
    const owner = await questionsOwner(app)
    await initiate(owner.browser, 'SECURITY_QUESTIONS')
    const before = seen(await showAnswers(owner.browser, '0-1', random(32)))
    const { systemDb } = app.services.database
    await systemDb.keySlot.deleteMany({ where: { userId: owner.held.userId, pair: '0-1' } })
    expect(seen(await showAnswers(owner.browser, '0-1', owner.questions.verifiers['0-1']))).toEqual(before)
    await systemDb.keySlot.deleteMany({ where: { userId: owner.held.userId, kind: 'RECOVERY_CODE' } })
    expect(seen(await showCode(owner.browser, owner.codes[0] ?? ''))).toEqual(before)
  })

  // Were both alike, the share of pairs in which the first takes longer would lie outside of these bounds once in a
  // million runs: the chance of 64 or fewer heads, or tails, in 200 throws of a coin is 4 in 10 million.
  const [PAIRS, FEWEST] = [200, 65]

  type Ask = () => Promise<unknown>

  /** `prepare` is done before each question, and not measured. */
  async function sameTime(first: Ask, second: Ask, prepare: Ask = () => Promise.resolve()): Promise<void> {
    const timeOf = async (ask: Ask) => {
      await prepare()
      const startedAt = performance.now()
      await ask()
      return performance.now() - startedAt
    }
    for (let pair = 0; pair < 40; pair++) await timeOf(pair % 2 === 0 ? first : second) // compiled, and cached
    let firstTookLonger = 0
    for (let pair = 0; pair < PAIRS; pair++) {
      // A coin says who goes first: what one request leaves to do may slow down the next one.
      const firstIsFirst = randomInt(2) === 0
      const one = await timeOf(firstIsFirst ? first : second)
      const two = await timeOf(firstIsFirst ? second : first)
      if (firstIsFirst ? one > two : two > one) firstTookLonger += 1
    }
    expect(firstTookLonger).toBeGreaterThanOrEqual(FEWEST)
    expect(firstTookLonger).toBeLessThanOrEqual(PAIRS - FEWEST)
  }

  test(
    `M8: a used code and an unknown one take the same time, over ${PAIRS} interleaved pairs`,
    { timeout: 180_000 },
    async () => {
      const app = await start()
      const { browser, codes, held } = await codesOwner(app)
      await initiate(browser, 'RECOVERY_CODE')
      answered(await showCode(browser, codes[0] ?? ''))
      // The one that was used last releases once more what it has released; the one before it is worth nothing.
      answered(await showCode(browser, codes[1] ?? ''))
      // As it is once its recovery is over: until then it is released again to whom the answer was lost.
      const where = { userId: held.userId }
      await app.services.database.systemDb.recoveryRequest.updateMany({ where, data: { usedSlot: null } })
      const ask = (verifier: () => string) => async () => {
        const answer = await showCode(browser, verifier())
        if (answer.code !== 'PROOF_INVALID') throw new Error(`An unexpected ${answer.code ?? 'answer'}.`)
      }
      await sameTime(
        ask(() => codes[0] ?? ''),
        ask(() => random(32)),
      )
    },
  )

  test(
    `M8: links that stop nothing take the same time, over ${PAIRS} interleaved pairs`,
    { timeout: 180_000 },
    async () => {
      const app = await start()
      const { browser, email } = await codesOwner(app)
      await initiate(browser, 'RECOVERY_CODE')
      const token = await cancelTokenOf(app, email)
      const stranger = app.browser()
      answered(await cancelBy(stranger, token))
      await sameTime(
        () => cancelBy(stranger, token),
        () => cancelBy(stranger, random(32)),
      )
    },
  )

  test(
    `M8: answers to a pair that is there and to one that is not, over ${PAIRS} interleaved pairs`,
    { timeout: 180_000 },
    async () => {
      const app = await start()
      const { browser, held } = await questionsOwner(app)
      await initiate(browser, 'SECURITY_QUESTIONS')
      const { systemDb } = app.services.database
      await systemDb.keySlot.deleteMany({ where: { userId: held.userId, pair: '1-2' } })
      const forgetTries = () =>
        systemDb.recoveryRequest.updateMany({ where: { userId: held.userId }, data: { wrongAnswers: 0 } })
      const ask = (pair: '0-1' | '1-2') => async () => {
        const answer = await showAnswers(browser, pair, random(32))
        if (answer.code !== 'PROOF_INVALID') throw new Error(`An unexpected ${answer.code ?? 'answer'}.`)
      }
      await sameTime(ask('0-1'), ask('1-2'), forgetTries)
    },
  )

  /** Puts the request back to one by questions that has released nothing. */
  async function startedByQuestions(app: TestApp, { held }: { held: { userId: string } }): Promise<void> {
    await app.services.database.systemDb.recoveryRequest.updateMany({
      where: { userId: held.userId },
      data: { method: 'SECURITY_QUESTIONS', releasedAt: null, releasedTo: null },
    })
  }

  test("M8: a code that is right tells a stranger's session nothing: another user's request is not theirs", async () => {
    const app = await start()
    const owner = await codesOwner(app)
    const eve = await signIn(app)
    const withoutKeys = seen(await showCode(eve.browser, random(32)))
    expect(seen(await showCode(eve.browser, owner.codes[0] ?? ''))).toEqual(withoutKeys)
    await initiate(owner.browser, 'RECOVERY_CODE')
    expect(seen(await showCode(eve.browser, owner.codes[0] ?? ''))).toEqual(withoutKeys)
  })
})
