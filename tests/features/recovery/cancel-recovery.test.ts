import { describe, expect } from 'vitest'
import { removeOldRequests } from '../../../src/features/recovery/remove-old-requests.ts'
import { test } from '../../support/app.ts'
import { random } from '../../support/envelopes.ts'
import { signIn } from '../../support/people.ts'
import { DISOWN, notMeTokenIn } from '../alerts/support.ts'
import {
  answered,
  cancelBy,
  CANCEL_OPEN,
  cancelTokenOf,
  codesOwner,
  COMPLETE,
  DAY,
  initiate,
  logged,
  newKeys,
  passTime,
  recoveryStatus,
  requestsOf,
  showCode,
} from '../../attacks/recovery-support.ts'

describe('cancelRecovery', () => {
  test('by the link, signed in or not, also when a slot was released: nothing can be completed', async ({ app }) => {
    const { browser, email, held, codes } = await codesOwner(app)
    await initiate(browser, 'RECOVERY_CODE')
    answered(await showCode(browser, codes[0] ?? ''))
    answered(await cancelBy(app.browser(), await cancelTokenOf(app, email)))

    const { errors } = await browser.graphql(COMPLETE, { input: newKeys(held).input })
    expect(errors[0]?.extensions['code']).toBe('RECOVERY_NOT_OPEN')
    expect((await recoveryStatus(browser)).request?.state).toBe('CANCELLED')
    expect(await logged(app, held.userId, 'recovery.cancelled')).toBe(1)
    await app.mailbox.latest(email, 1, ({ subject }) => subject.startsWith('A recovery of your encrypted data was stopped')) // prettier-ignore
  })

  test('each mail of one recovery carries the same link', async ({ app }) => {
    const { browser, email, codes } = await codesOwner(app)
    await initiate(browser, 'RECOVERY_CODE')
    for (const code of codes.slice(0, 7)) answered(await showCode(browser, code))
    const tokens = [await cancelTokenOf(app, email, 1), await cancelTokenOf(app, email, 3)]
    expect(tokens[0]).toBe(tokens[1])
  })

  test('a link that is unknown, used, or too old does nothing', async ({ app }) => {
    const { browser, email, held } = await codesOwner(app)
    await initiate(browser, 'RECOVERY_CODE')
    const token = await cancelTokenOf(app, email)
    const refused = async (text: string) => (await cancelBy(app.browser(), text)).errors[0]?.extensions['code']
    expect(await refused(random(32))).toBe('LINK_INVALID')
    expect(await refused('')).toBe('LINK_INVALID')

    await passTime(app, held.userId, DAY)
    expect(await refused(token)).toBe('LINK_INVALID')
    expect((await recoveryStatus(browser)).request?.state).toBe('EXPIRED')

    await initiate(browser, 'RECOVERY_CODE')
    const next = await cancelTokenOf(app, email, 2)
    answered(await cancelBy(browser, next))
    expect(await refused(next)).toBe('LINK_INVALID')
    expect(await refused(token)).toBe('LINK_INVALID')
  })
})

describe('cancelOpenRecovery', () => {
  test('from any session of the owner, and none of another', async ({ app }) => {
    const { browser, email, held } = await codesOwner(app)
    const { browser: phone } = await signIn(app, email)
    expect(answered(await phone.graphql(CANCEL_OPEN))).toEqual({ cancelOpenRecovery: false })
    await initiate(browser, 'RECOVERY_CODE')
    const other = await signIn(app)
    expect(answered(await other.browser.graphql(CANCEL_OPEN))).toEqual({ cancelOpenRecovery: false })
    expect(await requestsOf(app, held.userId)).toMatchObject([{ isOpen: true }])

    expect(answered(await phone.graphql(CANCEL_OPEN))).toEqual({ cancelOpenRecovery: true })
    expect(await requestsOf(app, held.userId)).toMatchObject([{ isOpen: null, closeReason: 'cancelled' }])
  })

  test('one that is over is not stopped, so that its way stays open', async ({ app }) => {
    const { browser, held } = await codesOwner(app)
    await initiate(browser, 'RECOVERY_CODE')
    await passTime(app, held.userId, DAY)
    expect(answered(await browser.graphql(CANCEL_OPEN))).toEqual({ cancelOpenRecovery: false })
    await initiate(browser, 'RECOVERY_CODE')
  })
})

test('"this was not me" about a recovery stops it', async ({ app }) => {
  const { browser, email, held } = await codesOwner(app)
  await initiate(browser, 'RECOVERY_CODE')
  const mail = await app.mailbox.latest(email, 1, ({ subject }) => subject.startsWith('A recovery of your encrypted data was begun')) // prettier-ignore
  answered(await app.browser().graphql(DISOWN, { token: notMeTokenIn(mail) }))
  expect(await requestsOf(app, held.userId)).toMatchObject([{ closeReason: 'cancelled' }])
})

test('"this was not me" about something else stops what is under way, and locks nothing', async ({ app }) => {
  const { browser, email, held } = await codesOwner(app)
  await initiate(browser, 'RECOVERY_CODE')
  const mail = await app.mailbox.latest(email, 1, ({ subject }) => subject.startsWith('End-to-end encryption was switched on')) // prettier-ignore
  answered(await app.browser().graphql(DISOWN, { token: notMeTokenIn(mail) }))
  expect(await requestsOf(app, held.userId)).toMatchObject([{ isOpen: null, closeReason: 'superseded' }])
})

test('the job closes what is over, and removes it a month later', async ({ app }) => {
  const { browser, held } = await codesOwner(app)
  await initiate(browser, 'RECOVERY_CODE')
  await removeOldRequests.run(app.services)
  expect(await requestsOf(app, held.userId)).toMatchObject([{ isOpen: true }])
  await passTime(app, held.userId, DAY)
  await removeOldRequests.run(app.services)
  expect(await requestsOf(app, held.userId)).toMatchObject([{ isOpen: null, closeReason: 'expired' }])
  await passTime(app, held.userId, 31 * DAY)
  await removeOldRequests.run(app.services)
  expect(await requestsOf(app, held.userId)).toEqual([])
})
