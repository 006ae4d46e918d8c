import { describe, expect } from 'vitest'
import { ALERT_KINDS } from '../../../src/features/alerts/kinds.ts'
import type { About, AlertKind, Kind } from '../../../src/features/alerts/kinds.ts'
import { announceAlerts, raiseAlert } from '../../../src/features/alerts/raise-alert.ts'
import type { AlertFacts } from '../../../src/features/alerts/raise-alert.ts'
import { test } from '../../support/app.ts'
import type { TestApp } from '../../support/app.ts'
import { signIn } from '../../support/people.ts'
import { ORIGIN, rowId } from '../alerts/support.ts'

const KINDS = Object.entries<Kind>(ALERT_KINDS).filter(([kind]) => kind.startsWith('recovery.'))
const WHEN = '29 November 2026 at 03:40 UTC'
const ABOUT: About = {
  deviceName: 'Chrome on macOS',
  place: 'Berlin, Germany',
  when: WHEN,
  left: 2,
  passkeys: ['Blue key', 'Phone'],
}

/** The mail of an alert, as it went out. */
async function mailOf(app: TestApp, kind: AlertKind, about: AlertFacts, action = true) {
  const { email, userId } = await signIn(app)
  const href = `${app.url.origin}/auth/cancel-recovery#${'t'.repeat(43)}`
  const raised = await app.services.database.systemDb.$transaction((tx) =>
    raiseAlert(app.services, tx, {
      kind,
      user: { id: rowId(userId), email },
      onceKey: 'once',
      origin: ORIGIN,
      about,
      happenedAt: new Date('2026-11-25T11:22:00Z'),
      ...(action && { action: { words: 'To stop only this, press.', label: 'Stop it', href } }),
    }),
  )
  announceAlerts(app.services, [raised])
  return { mail: await app.mailbox.latest(email, 2), href, raised }
}

describe('what a mail of a recovery says', () => {
  test.for(KINDS)(
    '%s: whole sentences, for each way, and where it came from',
    ([kind, { message, title }], { app }) => {
      expect(app.url.host).toBeTruthy()
      for (const method of ['RECOVERY_CODE', 'SECURITY_QUESTIONS', 'PASSKEY', 'FRESH_START'] as const) {
        for (const tooManyTries of [false, true]) {
          const words = message({ ...ABOUT, method, tooManyTries })
          expect(words).toContain(kind === 'recovery.fresh-start-done' ? WHEN : 'Chrome on macOS, in Berlin, Germany')
          expect(words).not.toMatch(/undefined|null|  |\.\./)
          expect(words).toMatch(/^[A-Z].*\.$/)
        }
      }
      expect(title).toMatch(/^[A-Z][^.]*$/)
    },
  )

  test('when nothing opens before, for answers; that it may be at once, for a code or a passkey', () => {
    const { message } = ALERT_KINDS['recovery.started']
    expect(message({ ...ABOUT, method: 'SECURITY_QUESTIONS' })).toContain(`nothing opens before ${WHEN}.`)
    for (const method of ['RECOVERY_CODE', 'PASSKEY'] as const)
      expect(message({ ...ABOUT, method })).toContain('can open them at once')
  })

  test('how many codes are left, and which passkeys go on signing in', () => {
    const few = ALERT_KINDS['recovery.codes-few'].message
    expect([2, 1, 0].map((left) => few({ ...ABOUT, left }).split('. ')[1])).toEqual([
      '2 are left: make new ones.',
      '1 is left: make new ones.',
      'None is left: make new ones.',
    ])
    const done = ALERT_KINDS['recovery.completed'].message
    expect(done(ABOUT)).toContain('go on signing in: "Blue key", "Phone". Remove those')
    expect(done({ ...ABOUT, passkeys: [] })).toContain('The account has no passkey.')
  })

  test('that a way is locked for seven days once it was stopped, and what to look at', () => {
    const { message } = ALERT_KINDS['recovery.cancelled']
    expect(message({ ...ABOUT, method: 'SECURITY_QUESTIONS' })).toMatch(/again for seven days.*look at its sessions/)
    expect(message({ ...ABOUT, method: 'SECURITY_QUESTIONS', tooManyTries: true })).toContain('too many wrong answers')
  })
})

describe('the link that acts', () => {
  test('stands before "this was not me", once in each form, and nowhere else', async ({ app }) => {
    const { mail, href, raised } = await mailOf(app, 'recovery.started', { method: 'PASSKEY' })
    for (const form of [mail.text, mail.html]) {
      expect(form.split(href)).toHaveLength(2)
      expect(form.indexOf(href)).toBeLessThan(form.indexOf('/auth/not-me#'))
      expect(form).toContain('To stop only this, press.')
    }
    expect(mail.html).toContain(`href="${href}"`)
    expect(mail.text).toContain('it stops the recovery, ends every session')
    const row = await app.services.database.systemDb.securityAlert.findFirst({ where: { id: raised?.id ?? '' } })
    expect(JSON.stringify(row)).not.toContain('cancel-recovery')
    const without = await mailOf(app, 'recovery.started', { method: 'PASSKEY' }, false)
    expect(`${without.mail.text}${without.mail.html}`).not.toContain('cancel-recovery')
  })

  test('the mail says when it was begun, where that is not now', async ({ app }) => {
    const { mail } = await mailOf(app, 'recovery.waiting', { method: 'SECURITY_QUESTIONS', when: new Date(0) })
    expect(mail.text).toContain('25 November 2026 at 11:22 UTC, from Chrome on macOS.')
    expect(mail.text).toContain('from 1 January 1970 at 00:00 UTC on')
  })

  test('a hostile name of a passkey carries no link of its own', async ({ app }) => {
    const passkeys = ['https://evil.example/x <b>bold</b>\n\u202E', '']
    const { mail } = await mailOf(app, 'recovery.completed', { method: 'RECOVERY_CODE', passkeys })
    expect(mail.text).not.toMatch(/evil\.example|<b>|\u202E/)
    expect(mail.html).not.toMatch(/evil\.example|<b>bold/)
    expect(mail.text).toContain('"without a name"')
  })
})
