import { describe, expect, onTestFinished } from 'vitest'
import { startTestApp, test } from '../../support/app.ts'
import { random } from '../../support/envelopes.ts'
import { signIn } from '../../support/people.ts'
import { DISOWN, notMeTokenIn } from '../alerts/support.ts'
import { DISABLE, keysOf, rotated, statusOf, STATUS, withEncryption } from '../encryption/support.ts'
import {
  answered,
  codesOwner,
  DAY,
  initiate,
  logged,
  openRequest,
  questionsInput,
  questionsOwner,
  recoveryStatus,
  REMOVE_QUESTIONS,
  requestsOf,
  SET_QUESTIONS,
  showAnswers,
  standing,
  WORDS,
} from '../../attacks/recovery-support.ts'

const TAKES_QUESTIONS = '{ recoveryStatus { takesQuestions } }'

type Input = ReturnType<typeof questionsInput>['input'] & { slotsRevision?: number | null }

describe('setSecurityQuestions', () => {
  test('keeps the questions sealed, the verifiers hashed, and gives both back to nobody but as they were asked', async ({
    app,
  }) => {
    const { browser, held, email } = await codesOwner(app)
    const before = await keysOf(browser)
    const { input, questions } = questionsInput(held)
    answered(await browser.graphql(SET_QUESTIONS, { input }))

    expect(await recoveryStatus(browser)).toMatchObject({
      methods: ['RECOVERY_CODE', 'SECURITY_QUESTIONS'],
      questions: WORDS,
      questionsSalt: input.salt,
      request: null,
    })
    expect((await statusOf(browser.graphql(STATUS))).securityQuestionsSet).toBe(true)
    const after = await keysOf(browser)
    expect(after).toEqual({ ...before, slotsRevision: (before?.slotsRevision ?? 0) + 1 })

    const kept = await standing(app, held.userId)
    expect(kept.slots.filter(({ kind }) => kind === 'SECURITY_QUESTIONS').map(({ pair }) => pair).sort()).toEqual(['0-1', '0-2', '1-2']) // prettier-ignore
    const text = JSON.stringify(kept)
    const secrets = Object.values(questions.slots).flatMap(({ envelope, verifier = '' }) => [envelope, verifier])
    for (const secret of [...WORDS, ...secrets]) expect(text).not.toContain(secret)
    expect(await logged(app, held.userId, 'recovery.questions-set')).toBe(1)
    const mail = await app.mailbox.latest(email, 1, ({ subject }) => subject.startsWith('Security questions were set'))
    for (const word of WORDS) expect(`${mail.text}${mail.html}`).not.toContain(word)
  })

  test('takes the place of those that there are, and of a recovery by them that is open', async ({ app }) => {
    const { browser, held, questions } = await questionsOwner(app)
    await initiate(browser, 'SECURITY_QUESTIONS')
    const next = questionsInput(held, ['One?', 'Two?', 'Three?'])
    answered(await browser.graphql(SET_QUESTIONS, { input: next.input }))

    expect((await recoveryStatus(browser)).questions).toEqual(['One?', 'Two?', 'Three?'])
    expect((await requestsOf(app, held.userId)).map(({ closeReason }) => closeReason)).toEqual(['superseded'])
    const { slots } = await standing(app, held.userId)
    const pairs = slots.filter(({ kind }) => kind === 'SECURITY_QUESTIONS')
    expect(pairs.map(({ id }) => `keyslot_${id}`).sort()).toEqual(Object.values(next.questions.slots).map(({ id }) => id).sort()) // prettier-ignore
    const refused = await showAnswers(browser, '0-1', questions.verifiers['0-1'])
    expect(refused.code).toBe('RECOVERY_NOT_OPEN')
  })

  test('leaves an open recovery by a code alone', async ({ app }) => {
    const { browser, held } = await codesOwner(app)
    await initiate(browser, 'RECOVERY_CODE')
    answered(await browser.graphql(SET_QUESTIONS, { input: questionsInput(held).input }))
    expect(await openRequest(app, held.userId)).toMatchObject({ method: 'RECOVERY_CODE' })
  })

  test('works without a salt, as a client does that finds it by itself', async ({ app }) => {
    const { browser, held } = await codesOwner(app)
    const { input } = questionsInput(held)
    answered(await browser.graphql(SET_QUESTIONS, { input: { ...input, salt: null } }))
    expect((await recoveryStatus(browser)).questionsSalt).toBeNull()
  })

  const REFUSED: readonly (readonly [why: string, change: (input: Input) => object, refusal: object])[] = [
    [
      'two questions',
      ({ questions }) => ({ questions: questions.slice(1) }),
      { code: 'BAD_INPUT', field: 'questions' },
    ],
    ['four', ({ questions }) => ({ questions: [...questions, 'x'] }), { code: 'BAD_INPUT', field: 'questions' }],
    ['an empty one', () => ({ questions: ['a', ' ', 'b'] }), { code: 'BAD_INPUT', field: 'questions[1]' }],
    ['a long one', () => ({ questions: ['a', 'b', 'x'.repeat(201)] }), { code: 'BAD_INPUT', field: 'questions[2]' }],
    ['the same twice', () => ({ questions: ['Who?', 'b', 'WHO? '] }), { code: 'BAD_INPUT', field: 'questions' }],
    ['a control', () => ({ questions: ['a', 'b', 'c\u0007'] }), { code: 'BAD_INPUT', field: 'questions[2]' }],
    ['two lines', () => ({ questions: ['a\nb', 'b', 'c'] }), { code: 'BAD_INPUT', field: 'questions[0]' }],
    ['a turned line', () => ({ questions: ['a\u202Eb', 'b', 'c'] }), { code: 'BAD_INPUT', field: 'questions[0]' }],
    ['two pairs', ({ pairs }) => ({ pairs: pairs.slice(1) }), { code: 'SLOTS_INVALID', field: 'pairs' }],
    [
      'the same pair twice',
      ({ pairs }) => ({ pairs: pairs.map((pair) => ({ ...pair, first: 0, second: 1 })) }),
      { code: 'SLOTS_INVALID', field: 'pairs' },
    ],
    [
      'a pair the other way round',
      ({ pairs }) => ({ pairs: pairs.map(({ first, second, slot }) => ({ first: second, second: first, slot })) }),
      { code: 'SLOTS_INVALID', field: 'pairs' },
    ],
    [
      'one question twice',
      ({ pairs }) => ({ pairs: pairs.map((pair) => ({ ...pair, second: pair.first })) }),
      { code: 'SLOTS_INVALID', field: 'pairs' },
    ],
    [
      'one verifier for two pairs',
      ({ pairs }) => ({ pairs: pairs.map((pair) => ({ ...pair, slot: { ...pair.slot, verifier: pairs[0]?.slot.verifier } })) }), // prettier-ignore
      { code: 'SLOTS_INVALID', field: 'pairs' },
    ],
    [
      'no verifier',
      ({ pairs }) => ({ pairs: pairs.map((pair) => ({ ...pair, slot: { ...pair.slot, verifier: null } })) }),
      { code: 'SLOTS_INVALID', field: 'pairs' },
    ],
    [
      'slots of another kind',
      ({ pairs }) => ({ pairs: pairs.map((pair) => ({ ...pair, slot: { ...pair.slot, kind: 'RECOVERY_CODE' } })) }),
      { code: 'SLOTS_INVALID', field: 'pairs' },
    ],
    [
      "another slot's envelope",
      ({ pairs }) => ({ pairs: pairs.map((pair, index) => ({ ...pair, slot: { ...pair.slot, envelope: pairs[Math.min(index, 1)]?.slot.envelope } })) }), // prettier-ignore
      { code: 'ENVELOPE_INVALID', field: 'pairs[2].slot.envelope', reason: 'ctx' },
    ],
    ['a short salt', () => ({ salt: random(16) }), { code: 'BAD_INPUT', field: 'salt' }],
    ['old slots', () => ({ slotsRevision: 7 }), { code: 'CONFLICT', field: 'slotsRevision', currentRevision: 2 }],
  ]

  test.for(REFUSED)('refuses %s, and what there was stays', async ([, change, refusal], { app }) => {
    const { browser, held } = await codesOwner(app)
    answered(await browser.graphql(SET_QUESTIONS, { input: questionsInput(held).input }))
    const before = await standing(app, held.userId)
    const { input } = questionsInput(held)
    const { errors } = await browser.graphql(SET_QUESTIONS, { input: { ...input, ...change(input) } })
    expect(errors.map(({ extensions }) => extensions)).toEqual([refusal])
    expect(await standing(app, held.userId)).toEqual(before)
  })

  test('needs encryption, and 200 characters that are two units each are 200', async ({ app }) => {
    const person = await signIn(app)
    const held = { userId: person.userId.slice('user_'.length), kid: '', generation: 1, ringRevision: 1 }
    const { input } = questionsInput({ ...held, publicKey: { kty: '', crv: '', x: '', y: '' } })
    expect((await person.browser.graphql(SET_QUESTIONS, { input })).code).toBe('ENCRYPTION_OFF')
    const ada = await withEncryption(app)
    const questions = ['🔑'.repeat(200), 'b', 'c']
    answered(await ada.browser.graphql(SET_QUESTIONS, { input: questionsInput(ada.held, questions).input }))
    expect((await recoveryStatus(ada.browser)).questions).toEqual(questions)
  })
})

describe('removeSecurityQuestions', () => {
  test('removes questions, slots and a recovery by them; a second time there is nothing', async ({ app }) => {
    const { browser, held, email } = await questionsOwner(app)
    await initiate(browser, 'SECURITY_QUESTIONS')
    answered(await browser.graphql(REMOVE_QUESTIONS))
    expect(await recoveryStatus(browser)).toMatchObject({
      methods: ['RECOVERY_CODE'],
      questions: [],
      questionsSalt: null,
    })
    const { questions, slots } = await standing(app, held.userId)
    expect(questions).toEqual([])
    expect(slots.filter(({ kind }) => kind === 'SECURITY_QUESTIONS')).toEqual([])
    expect((await requestsOf(app, held.userId)).map(({ closeReason }) => closeReason)).toEqual(['superseded'])
    await app.mailbox.latest(email, 1, ({ subject }) => subject.startsWith('Your security questions were removed'))

    expect((await browser.graphql(REMOVE_QUESTIONS)).code).toBe('NOT_FOUND')
    expect(await logged(app, held.userId, 'recovery.questions-removed')).toBe(1)
  })
})

describe('"this was not me" about security questions', () => {
  test('removes them, with what their answers open; a mail about something else leaves them', async ({ app }) => {
    const { browser, held, email } = await questionsOwner(app)
    const mailThat = (title: string) => app.mailbox.latest(email, 1, ({ subject }) => subject.startsWith(title))
    const about = await mailThat('End-to-end encryption was switched on')
    answered(await browser.graphql(DISOWN, { token: notMeTokenIn(about) }))
    expect((await standing(app, held.userId)).questions).toHaveLength(1)

    const mail = await mailThat('Security questions were set')
    expect(mail.text).toContain('it removes these questions, ends every session')
    answered(await app.browser().graphql(DISOWN, { token: notMeTokenIn(mail) }))
    const { questions, slots, keys } = await standing(app, held.userId)
    expect(questions).toEqual([])
    expect(slots.filter(({ kind }) => kind === 'SECURITY_QUESTIONS')).toEqual([])
    expect(keys).toMatchObject([{ slotsRevision: 3 }])
    expect(await logged(app, held.userId, 'recovery.questions-removed')).toBe(1)
    await mailThat('Your security questions were removed')
  })
})

describe('the questions go with the master key', () => {
  test('a full rotation removes them, another leaves them', async ({ app }) => {
    const { browser, held } = await questionsOwner(app)
    const next = await rotated(browser, held)
    expect((await recoveryStatus(browser)).questions).toEqual(WORDS)
    await rotated(browser, next, { full: true })
    expect((await recoveryStatus(browser)).questions).toEqual([])
    expect((await standing(app, held.userId)).questions).toEqual([])
  })

  test('and so does switching encryption off', async ({ app }) => {
    const { browser, held } = await questionsOwner(app)
    await statusOf(browser.graphql(DISABLE))
    const { questions, slots } = await standing(app, held.userId)
    expect({ questions, slots }).toEqual({ questions: [], slots: [] })
  })
})

test('SECURITY_QUESTIONS=off: none are set or listed, none released; what was set comes back with it', async () => {
  const app = await startTestApp()
  onTestFinished(() => app.close())
  const { browser, held, questions } = await questionsOwner(app)
  await initiate(browser, 'SECURITY_QUESTIONS')
  answered(await showAnswers(browser, '0-1', questions.verifiers['0-1']))

  await app.restart({ SECURITY_QUESTIONS: 'off' })
  const off = { code: 'RECOVERY_UNAVAILABLE', reason: 'switched-off' }
  const set = await browser.graphql(SET_QUESTIONS, { input: questionsInput(held).input })
  expect(set.errors[0]?.extensions).toEqual(off)
  expect(answered(await browser.graphql(TAKES_QUESTIONS))).toEqual({ recoveryStatus: { takesQuestions: false } })
  expect(await recoveryStatus(browser)).toMatchObject({
    methods: ['RECOVERY_CODE'],
    questions: [],
    questionsSalt: null,
  })
  await app.services.database.systemDb.recoveryRequest.updateMany({ data: { availableAt: new Date(Date.now() - DAY) } })
  const shown = await showAnswers(browser, '0-1', questions.verifiers['0-1'])
  expect(shown.errors[0]?.extensions).toMatchObject(off)

  await app.restart()
  expect(answered(await browser.graphql(TAKES_QUESTIONS))).toEqual({ recoveryStatus: { takesQuestions: true } })
  expect((await recoveryStatus(browser)).methods).toContain('SECURITY_QUESTIONS')
  expect(answered(await showAnswers(browser, '0-1', questions.verifiers['0-1'])).payload.slot?.kind).toBe('SECURITY_QUESTIONS') // prettier-ignore
  await app.restart({ SECURITY_QUESTIONS: 'off' })
  answered(await browser.graphql(REMOVE_QUESTIONS))
})
