import { describe, expect, onTestFinished } from 'vitest'
import { remind } from '../../../src/features/recovery/remind.ts'
import { startTestApp, test } from '../../support/app.ts'
import type { TestApp } from '../../support/app.ts'
import type { Mail } from '../../../src/platform/mail/mailer.ts'
import {
  answered,
  cancelBy,
  DAY,
  HOUR,
  initiate,
  openRequest,
  passTime,
  questionsOwner,
  showAnswers,
} from '../../attacks/recovery-support.ts'
import { letFreshStartPass, requested } from './support.ts'

const REMINDERS = ['A recovery of your encrypted data is under way', 'A recovery is about to open your encrypted data']
const SOON = 'Your old keys can soon be given up'

/** Somebody whose questions were answered rightly just now. */
async function answeredNow(app: TestApp) {
  const owner = await questionsOwner(app)
  await initiate(owner.browser, 'SECURITY_QUESTIONS')
  answered(await showAnswers(owner.browser, '0-1', owner.questions.verifiers['0-1']))
  return owner
}

/** The mails of some kind to an address, by their titles, once all that waits was sent. */
async function told(app: TestApp, email: string, titles: readonly string[]): Promise<Mail[]> {
  await app.services.outbox.sendDue()
  return app.mailbox.mails.filter(
    ({ to, subject }) => to === email && titles.some((title) => subject.startsWith(title)),
  )
}
const remindedOf = async (app: TestApp, email: string) =>
  (await told(app, email, REMINDERS)).map(({ subject }) => subject.replace(/ \(.*/, ''))

describe('the mails of the wait', () => {
  test('come 24 hours after the right answers, and 47 hours after, once each', async ({ app }) => {
    const { email, held } = await answeredNow(app)
    await remind.run(app.services)
    expect(await remindedOf(app, email)).toEqual([])

    await passTime(app, held.userId, DAY - HOUR)
    await remind.run(app.services)
    expect(await remindedOf(app, email)).toEqual([])
    await passTime(app, held.userId, HOUR)
    for (let times = 0; times < 3; times++) await remind.run(app.services)
    expect(await remindedOf(app, email)).toEqual(REMINDERS.slice(0, 1))

    await passTime(app, held.userId, 22 * HOUR)
    await remind.run(app.services)
    expect(await remindedOf(app, email)).toEqual(REMINDERS.slice(0, 1))
    await passTime(app, held.userId, HOUR)
    for (let times = 0; times < 3; times++) await remind.run(app.services)
    expect(await remindedOf(app, email)).toEqual(REMINDERS)
    expect(await openRequest(app, held.userId)).toMatchObject({ remindersSent: 2 })
  })

  test('go by the database: the clock of the server makes none due', async ({ app }) => {
    const { email } = await answeredNow(app)
    app.clock.advance(30 * DAY)
    await remind.run(app.services)
    expect(await remindedOf(app, email)).toEqual([])
  })

  test('only the last is written where both are due, because no process ran meanwhile', async ({ app }) => {
    const { email, held } = await answeredNow(app)
    await passTime(app, held.userId, 47 * HOUR)
    for (let times = 0; times < 2; times++) await remind.run(app.services)
    expect(await remindedOf(app, email)).toEqual(REMINDERS.slice(1))
  })

  test('are not written of what was not answered, was stopped, was released, or is over', async ({ app }) => {
    const unanswered = await questionsOwner(app)
    await initiate(unanswered.browser, 'SECURITY_QUESTIONS')
    const [stopped, released, over] = [await answeredNow(app), await answeredNow(app), await answeredNow(app)]
    answered(await stopped.browser.graphql('mutation { cancelOpenRecovery }'))
    for (const { held } of [unanswered, stopped, released]) await passTime(app, held.userId, 48 * HOUR)
    const verifier = released.questions.verifiers['0-1']
    expect(answered(await showAnswers(released.browser, '0-1', verifier)).payload.slot).not.toBeNull()
    await passTime(app, over.held.userId, 9 * DAY)
    await remind.run(app.services)
    for (const { email } of [unanswered, stopped, released, over]) expect(await remindedOf(app, email)).toEqual([])
  })

  test('two processes write one', async () => {
    const app = await startTestApp()
    onTestFinished(() => app.close())
    const people = [await answeredNow(app), await answeredNow(app), await answeredNow(app)]
    for (const { held } of people) await passTime(app, held.userId, DAY)
    const other = app.services.database.provider === 'postgresql' ? await app.second() : app
    const runs = Array.from({ length: 6 }, (_, index) => remind.run((index % 2 ? other : app).services))
    await Promise.all(runs)
    for (const { email } of people) expect(await remindedOf(app, email)).toEqual(REMINDERS.slice(0, 1))
  })

  test('an account whose reminder cannot be written does not cost the others theirs', async ({ app }) => {
    const [ada, grace] = [await answeredNow(app), await answeredNow(app)]
    for (const { held } of [ada, grace]) await passTime(app, held.userId, DAY)
    const { outbox } = app.services
    const enqueue: typeof outbox.enqueue = (tx, mail, options) =>
      mail.to === ada.email
        ? Promise.reject(new Error('This mail cannot be written.'))
        : outbox.enqueue(tx, mail, options)
    await remind.run({ ...app.services, outbox: { ...outbox, enqueue } })
    expect(await remindedOf(app, grace.email)).toEqual(REMINDERS.slice(0, 1))
    expect(await remindedOf(app, ada.email)).toEqual([])
    expect(await openRequest(app, ada.held.userId)).toMatchObject({ remindersSent: 0 })
  })

  test('say when it can open, and by what it was begun; their link stops it; nothing opens after', async ({ app }) => {
    const { email, held, browser, questions } = await answeredNow(app)
    await passTime(app, held.userId, DAY)
    await remind.run(app.services)
    const [mail] = await told(app, email, REMINDERS)
    const request = await openRequest(app, held.userId)
    const until = request?.availableAt.toLocaleTimeString('en-GB', {
      timeZone: 'UTC',
      hour: '2-digit',
      minute: '2-digit',
    })
    for (const form of [mail?.text, mail?.html]) {
      expect(form).toContain('begun from Chrome on macOS')
      expect(form).toContain(`at ${until} UTC on, unless it is stopped before`)
      expect(form).not.toContain('127.0.0.1')
    }
    const token = /\/auth\/cancel-recovery#([\w-]{43})/.exec(mail?.text ?? '')?.[1] ?? ''
    for (const form of [mail?.text, mail?.html]) expect(form?.split(token)).toHaveLength(2)
    expect(mail?.html).toContain(`href="${app.url.origin}/auth/cancel-recovery#${token}"`)
    answered(await cancelBy(app.browser(), token))
    await passTime(app, held.userId, 3 * DAY)
    const shown = await showAnswers(browser, '0-1', questions.verifiers['0-1'])
    expect(shown.code).toBe('RECOVERY_NOT_OPEN')
  })

  test('administrators hear of both, without a link', async () => {
    const app = await startTestApp({ env: { ADMIN_EMAILS: 'root@example.com' } })
    onTestFinished(() => app.close())
    const { email, held } = await answeredNow(app)
    await passTime(app, held.userId, DAY)
    await remind.run(app.services)
    await passTime(app, held.userId, 23 * HOUR)
    await remind.run(app.services)
    const mails = await told(
      app,
      'root@example.com',
      REMINDERS.map((title) => `Alert: ${title}`),
    )
    expect(mails).toHaveLength(2)
    for (const { text, html } of mails) {
      expect(text).toContain(`Account: ${email}`)
      expect(`${text}${html}`).not.toMatch(/cancel-recovery|href=/)
    }
  })

  test('go out without their link where MASTER_KEYS no longer hold the key that made it', async () => {
    const app = await startTestApp()
    onTestFinished(() => app.close())
    const { email, held } = await answeredNow(app)
    await passTime(app, held.userId, DAY)
    const where = { userId: held.userId }
    await app.services.database.systemDb.recoveryRequest.updateMany({ where, data: { cancelKeyId: 'gone' } })
    await remind.run(app.services)
    const [mail, ...more] = await told(app, email, REMINDERS)
    expect(more).toEqual([])
    expect(mail?.text).toContain('/auth/not-me#')
    expect(mail?.text).not.toContain('cancel-recovery')
  })
})

describe('the mail before a fresh start', () => {
  test('comes a day before it can be done, once, with the link of the first', async ({ app }) => {
    const { email, held } = await requested(app)
    await letFreshStartPass(app, held.userId, 6 * DAY - HOUR)
    await remind.run(app.services)
    expect(await told(app, email, [SOON])).toEqual([])
    await letFreshStartPass(app, held.userId, HOUR)
    for (let times = 0; times < 2; times++) await remind.run(app.services)
    const [mail, ...more] = await told(app, email, [SOON])
    expect(more).toEqual([])
    const links = [mail, ...(await told(app, email, ['A new start']))].map((one) => /cancel-recovery#([\w-]{43})/.exec(one?.text ?? '')?.[1]) // prettier-ignore
    expect(links).toHaveLength(2)
    expect(links[0]).toBe(links[1])
    answered(await cancelBy(app.browser(), links[0] ?? ''))
  })
})
