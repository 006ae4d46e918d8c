import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import {
  answered,
  cancelTokenOf,
  initiate,
  openRequest,
  questionsOwner,
  recoveryStatus,
  showAnswers,
} from '../attacks/recovery-support.ts'
import type { Owner } from '../attacks/recovery-support.ts'
import { notMeTokenIn, raise } from '../features/alerts/support.ts'
import { withoutBrowser } from '../support/browser.ts'
import { signIn } from '../support/people.ts'
import { ask, closePagesStage, enter, look, openPagesStage, openVisitor, shows } from './app-pages.ts'
import type { PagesStage, Visitor } from './app-pages.ts'

// The pages that the links of warnings open: "this was not me", and what stops a recovery.

let stage: PagesStage

describe.skipIf(withoutBrowser())('the links of warnings', () => {
  beforeAll(async () => {
    stage = await openPagesStage()
  })
  afterAll(() => closePagesStage(stage))

  /** A browser of one's own, whose pages break no policy and fail in no script. */
  async function open(options: { javaScriptEnabled?: boolean } = {}): Promise<Visitor> {
    const visitor = await openVisitor(stage, options)
    onTestFinished(async () => {
      expect(visitor.complaints).toEqual([])
      await visitor.context.close()
    })
    return visitor
  }

  const at = (path: string): string => stage.app.url.origin + path

  describe('that stop a recovery', () => {
    const stopIt = (page: Page) => page.getByRole('button', { name: 'Stop it' }).click()

    /** Somebody whose questions were answered, and the link of the mail that warns of it. */
    async function answeredBy(): Promise<{ owner: Owner; link: string; token: string }> {
      const owner = await questionsOwner(stage.app)
      await initiate(owner.browser, 'SECURITY_QUESTIONS')
      answered(await showAnswers(owner.browser, '0-1', owner.questions.verifiers['0-1']))
      const token = await cancelTokenOf(stage.app, owner.email)
      return { owner, token, link: at(`/auth/cancel-recovery#${token}`) }
    }

    test('M2: whoever loads the page and runs its script stops nothing; its button does, once', async () => {
      const { owner, link, token } = await answeredBy()
      const { page: scanner } = await open()
      await scanner.goto(link)
      await shows(scanner, 'Stop the recovery?')
      await look(scanner, 'cancel-recovery')
      await scanner.reload()
      await shows(scanner, 'There is no link here')
      await look(scanner, 'mail-link-none')
      expect(await openRequest(stage.app, owner.held.userId)).not.toBeNull()

      for (const [heading, name] of [
        ['It is stopped', 'cancel-recovery-done'],
        ['There is nothing to stop by this link', 'cancel-recovery-dead'],
      ] as const) {
        const { page } = await open()
        const addresses: string[] = []
        page.on('request', (request) => addresses.push(request.url()))
        await page.goto(link)
        await shows(page, 'Stop the recovery?')
        expect(await page.evaluate('location.href + JSON.stringify(history.state)')).not.toContain(token)
        await stopIt(page)
        await shows(page, heading)
        await look(page, name)
        expect(addresses.filter((address) => address.split('#')[0]?.includes(token))).toEqual([])
      }
      expect((await recoveryStatus(owner.browser)).request?.state).toBe('CANCELLED')
    })

    test('say what it locks, and whose sessions to look at', async () => {
      const { link } = await answeredBy()
      const { page } = await open()
      await page.goto(link)
      await page.getByText('locked for seven days, for you too').waitFor()
      await stopIt(page)
      await page.getByText('Whoever began it was signed in to your account').waitFor()
      const sessions = page.getByRole('link', { name: 'Look at my sessions' })
      expect(await sessions.getAttribute('href')).toBe('/account/sessions')
    })

    test('say so offline, and stop it once the connection is back', async () => {
      const { owner, link } = await answeredBy()
      const { page, context } = await open()
      await page.goto(link)
      await shows(page, 'Stop the recovery?')
      await context.setOffline(true)
      await stopIt(page)
      await page.getByRole('alert').filter({ hasText: 'You are offline' }).waitFor()
      await look(page, 'cancel-recovery-offline')
      expect(await openRequest(stage.app, owner.held.userId)).not.toBeNull()
      await context.setOffline(false)
      await stopIt(page)
      await shows(page, 'It is stopped')
      expect(await openRequest(stage.app, owner.held.userId)).toBeNull()
    })

    test('without scripts they say what to do', async () => {
      const { page } = await open({ javaScriptEnabled: false })
      await page.goto(at('/auth/cancel-recovery#x'))
      expect(await page.getByRole('main').innerText()).toContain('nothing has happened: turn JavaScript on')
      expect(await page.getByRole('button').count()).toBe(0)
    })

    test('say so where there is nothing to stop', async () => {
      const { page } = await open()
      await page.goto(at(`/auth/cancel-recovery#${'x'.repeat(43)}`))
      await stopIt(page)
      await shows(page, 'There is nothing to stop by this link')
    })
  })

  describe('that say "this was not me"', () => {
    const press = (page: Page) => page.getByRole('button', { name: /^This was not me/ }).click()

    test('end all sessions by a press, and say where to go on; once', async () => {
      const thief = await open()
      const email = await enter(stage, thief)
      await shows(thief.page, 'Overview')
      const owner = await signIn(stage.app, email)
      const before = stage.app.mailbox.mails.filter(({ to, text }) => to === email && text.includes('/auth/not-me#'))
      await raise(stage.app, owner)
      const mail = await stage.app.mailbox.latest(email, before.length + 1, ({ text }) =>
        text.includes('/auth/not-me#'),
      )
      const link = at(`/auth/not-me#${notMeTokenIn(mail)}`)

      for (const [heading, name] of [
        ['Everybody is out', 'not-me-done'],
        ['This link does not work any more', 'not-me-dead'],
      ] as const) {
        const { page } = await open()
        await page.goto(link)
        await shows(page, 'Throw everybody out?')
        await look(page, 'not-me')
        expect(page.url()).toBe(at('/auth/not-me'))
        await press(page)
        await shows(page, heading)
        await look(page, name)
        await page.getByRole('link', { name: 'Sign in' }).click()
        await shows(page, 'Sign in')
      }
      expect(await ask(thief.page, '{ me { email } }')).toEqual({ me: null })
      await shows(thief.page, 'Your session has ended')
    })

    test('without a token they ask the server for nothing', async () => {
      const { page } = await open()
      await page.goto(at('/auth/not-me'))
      await shows(page, 'There is no link here')
      expect(await page.getByRole('button').count()).toBe(0)
      await page.getByRole('link', { name: 'To the home page', exact: true }).click()
      await shows(page, 'Latchkey')
    })
  })
})
