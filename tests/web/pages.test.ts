import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { launchBrowser, withoutBrowser } from '../support/browser.ts'
import { look, openVisitor, shows } from './app-pages.ts'
import type { Visitor } from './app-pages.ts'
import { ada, confirmationRequired, mailSent, refused, signedIn, startFakeServer } from './fake-server.ts'
import type { FakeServer } from './fake-server.ts'

// The states of the sign-in and of the page that its link opens, before a server that answers what a test says.

const TOKEN = 'dG9rZW4'.repeat(6)

let fake: FakeServer
let browser: Browser
let visitor: Visitor
let page: Page

describe.skipIf(withoutBrowser())('the pages, in Chromium', () => {
  beforeAll(async () => {
    fake = await startFakeServer()
    browser = await launchBrowser()
  })

  afterAll(async () => {
    await browser.close()
    await fake.close()
  })

  beforeEach(async () => {
    Object.assign(fake, { answers: { Me: () => ({ data: { me: null } }) }, calls: [], paths: [] })
    visitor = await openVisitor({ browser })
    page = visitor.page
  })

  // Whatever else a test looks at: no page breaks its own content security policy, fails in a script, or is hard to use.
  afterEach(async () => {
    expect(visitor.complaints).toEqual([])
    await visitor.context.close()
  })

  describe('signing in', () => {
    test('asks for a link with the address, the choice to be remembered, and the place to go to', async () => {
      fake.answers.RequestMagicLink = () => mailSent()
      await page.goto(`${fake.url}/sign-in?redirect_to=%2Fnotes`)
      await expectFocus(address())
      await look(page, 'sign-in')
      await page.keyboard.type('ada@example.com')
      await page.getByLabel('Remember this device').check()
      await page.getByRole('button', { name: 'Send me a link' }).click()

      await shows(page, 'Look in your mail')
      await expectFocus(code())
      expect(fake.calls).toEqual([
        {
          operation: 'RequestMagicLink',
          variables: { input: { email: 'ada@example.com', rememberDevice: true, redirectTo: '/notes' } },
        },
      ])
      await page.getByText('If ada@example.com can sign in here').waitFor()
      expect(await page.getByRole('timer').textContent()).toMatch(/^(10:00|9:5\d)$/)
      await look(page, 'sign-in-mail-sent')
    })

    test('takes a code that is pasted with spaces, and goes where the server says', async () => {
      fake.answers.VerifyMagicCode = () => ({ data: { verifyMagicCode: signedIn('/favicon.svg') } })
      await askForMail()
      expect(await code().getAttribute('autocomplete')).toBe('one-time-code')
      await paste(' 123 456\n')
      await page.waitForURL('**/favicon.svg')
      await page.locator('svg').waitFor() // the server's own, not a page of these
      expect(fake.calls.at(-1)).toEqual({ operation: 'VerifyMagicCode', variables: { input: { code: '123456' } } })
    })

    test('says that a code does not fit, marks it for typing over, and takes the next one', async () => {
      fake.answers.VerifyMagicCode = () => refused('CODE_INVALID')
      await askForMail()
      await code().pressSequentially('123456')
      await alerts('That code does not fit')
      expect(await code().getAttribute('aria-invalid')).toBe('true')
      await look(page, 'sign-in-code-wrong')
      fake.answers.VerifyMagicCode = () => ({ data: { verifyMagicCode: signedIn('/favicon.svg') } })
      await page.keyboard.type('654321')
      await page.waitForURL('**/favicon.svg')
    })

    test('never goes to an address that is a script, whatever answers', async () => {
      fake.answers.VerifyMagicCode = () => ({
        data: { verifyMagicCode: signedIn('javascript:document.title="taken"') },
      })
      await askForMail()
      await paste('123456')
      await page.waitForURL('**/account')
      expect(await page.title()).not.toBe('taken')
    })

    test('says how long to wait when a limit is reached, and holds the button back until then', async () => {
      await page.clock.install()
      fake.answers.RequestMagicLink = () => refused('RATE_LIMITED', { retryAfter: 90 })
      await page.goto(`${fake.url}/sign-in`)
      await address().fill('ada@example.com')
      await page.keyboard.press('Enter')
      await alerts('You can try again in 2 minutes')
      const button = page.getByRole('button', { name: 'Send me a link' })
      expect(await button.getAttribute('aria-disabled')).toBe('true')
      await look(page, 'sign-in-limit')
      await button.click({ force: true })
      expect(fake.calls).toHaveLength(1)

      await page.clock.runFor(91_000)
      await page.getByText('Too many tries').waitFor({ state: 'detached' })
      expect(await button.getAttribute('aria-disabled')).toBe('false')
    })

    test('says so when the code is too old, and sends a new one', async () => {
      await page.clock.install()
      await askForMail(60)
      await page.clock.runFor(61_000)
      await shows(page, 'That mail is too old now')
      await look(page, 'sign-in-too-old')
      await page.getByRole('button', { name: 'Send a new link' }).click()
      await shows(page, 'Look in your mail')
      expect(fake.calls.map(({ operation }) => operation)).toEqual(['RequestMagicLink', 'RequestMagicLink'])
    })

    test('counts by the server’s clock where the visitor’s is an hour fast', async () => {
      await page.clock.install({ time: Date.now() + 3_600_000 })
      await askForMail()
      expect(await page.getByRole('timer').textContent()).toMatch(/^(10:00|9:5\d)$/)
    })

    test('sends the mail again, but not at once, and lets the address be changed', async () => {
      await page.clock.install()
      await askForMail()
      const again = page.getByRole('button', { name: 'Send it again' })
      expect(await again.getAttribute('aria-disabled')).toBe('true')
      await page.clock.runFor(31_000)
      await again.click()
      await page.getByText('Sent again. The newest mail counts.').waitFor()
      await page.getByRole('button', { name: 'Use another address' }).click()
      await shows(page, 'Sign in')
      await expectFocus(address())
      expect(await address().inputValue()).toBe('ada@example.com')
    })

    test('says that a place to go to is not allowed, and signs in without it', async () => {
      fake.answers.RequestMagicLink = ({ input }) =>
        input?.['redirectTo'] === null ? mailSent() : refused('REDIRECT_NOT_ALLOWED')
      await page.goto(`${fake.url}/sign-in?redirect_to=https%3A%2F%2Felsewhere.example`)
      await address().fill('ada@example.com')
      await page.keyboard.press('Enter')
      await page.getByText('that this server does not allow').waitFor()
      await look(page, 'sign-in-place-refused')
      await page.getByRole('button', { name: 'Send me a link' }).click()
      await shows(page, 'Look in your mail')
    })

    test.each([
      ['EMAIL_INVALID', {}, 'not a mail address that can be used here'],
      ['UNAVAILABLE', {}, 'The server cannot do this at the moment'],
      ['INTERNAL', { errorId: 'e-17' }, 'e-17'],
    ])('explains %s', async (code, details, words) => {
      fake.answers.RequestMagicLink = () => refused(code, details)
      await page.goto(`${fake.url}/sign-in`)
      await address().fill('ada@example.com')
      await page.keyboard.press('Enter')
      await alerts(words)
    })

    test('says that one is offline, and goes on when one is not', async () => {
      await page.goto(`${fake.url}/sign-in`)
      await visitor.context.setOffline(true)
      await address().fill('ada@example.com')
      await page.keyboard.press('Enter')
      await alerts('You are offline')
      await visitor.context.setOffline(false)
      fake.answers.RequestMagicLink = () => mailSent()
      await page.keyboard.press('Enter')
      await shows(page, 'Look in your mail')
    })

    test('tells the tab that waits when the link is opened in another tab', async () => {
      fake.answers.VerifyMagicLink = () => {
        fake.answers.Me = () => ({ data: { me: ada } })
        return { data: { verifyMagicLink: signedIn('/favicon.svg') } }
      }
      await askForMail()
      const other = await visitor.context.newPage()
      await other.goto(`${fake.url}/auth/verify#${TOKEN}`)
      await other.waitForURL('**/favicon.svg')
      await page.getByText('It happened in another tab').waitFor()
      await expectFocus(page.getByRole('heading', { level: 1 }))
      expect(await page.getByRole('link', { name: 'Go on' }).getAttribute('href')).toBe('/account')
      await look(page, 'sign-in-elsewhere')
    })
  })

  describe('opening a link', () => {
    test('signs in at once in the browser that asked, and goes where the server says', async () => {
      fake.answers.VerifyMagicLink = () => ({ data: { verifyMagicLink: signedIn('/favicon.svg') } })
      await page.goto(`${fake.url}/auth/verify#${TOKEN}`)
      await page.waitForURL('**/favicon.svg')
      expect(fake.calls).toEqual([
        { operation: 'VerifyMagicLink', variables: { input: { token: TOKEN, confirm: false } } },
      ])
    })

    test('M2, M3: in another browser it asks first, and only a press confirms', async () => {
      fake.answers.VerifyMagicLink = ({ input }) => ({
        data: { verifyMagicLink: input?.['confirm'] === true ? signedIn('/favicon.svg') : confirmationRequired() },
      })
      await page.goto(`${fake.url}/auth/verify#${TOKEN}`)
      await shows(page, 'Sign in here?')
      const asked = await page.getByRole('main').innerText()
      expect(asked).toContain('ada@example.com')
      expect(asked).toContain('3 minutes ago')
      expect(asked).toContain('Firefox on Windows')
      expect(asked).toContain('203.0.113.7')
      await look(page, 'verify-confirm')
      expect(fake.calls.map(({ variables }) => variables.input?.['confirm'])).toEqual([false])

      await page.getByRole('button', { name: 'Sign in here' }).click()
      await page.waitForURL('**/favicon.svg')
      expect(
        fake.calls
          .filter(({ operation }) => operation === 'VerifyMagicLink')
          .map(({ variables }) => variables.input?.['confirm']),
      ).toEqual([false, true])
    })

    test('M9: takes the token out of the address bar and sends it in no URL', async () => {
      fake.answers.VerifyMagicLink = () => ({ data: { verifyMagicLink: confirmationRequired() } })
      await page.goto(`${fake.url}/auth/verify#${TOKEN}`)
      await shows(page, 'Sign in here?')
      expect(page.url()).toBe(`${fake.url}/auth/verify`)
      expect(await page.content()).not.toContain(TOKEN)
      expect(fake.paths.join()).not.toContain(TOKEN)
    })

    test('shows the name of a hostile device as text', async () => {
      const name = '<img src=x onerror="document.title=1">'
      fake.answers.VerifyMagicLink = () => ({ data: { verifyMagicLink: confirmationRequired(name) } })
      await page.goto(`${fake.url}/auth/verify#${TOKEN}`)
      expect(await page.getByRole('definition').nth(2).textContent()).toBe(name)
    })

    test('says that a link no longer works, and where to get one', async () => {
      fake.answers.VerifyMagicLink = () => refused('LINK_INVALID')
      await page.goto(`${fake.url}/auth/verify#${TOKEN}`)
      await shows(page, 'This link no longer works')
      await look(page, 'verify-dead')
      expect(await page.getByRole('link', { name: 'Ask for a new link' }).getAttribute('href')).toBe('/sign-in')
    })

    test('without a token it says so and asks the server nothing', async () => {
      await page.goto(`${fake.url}/auth/verify`)
      await shows(page, 'There is no link here')
      await look(page, 'verify-no-link')
      expect(fake.calls).toEqual([])
    })

    test('keeps the token while the server is away, and tries again', async () => {
      fake.answers.VerifyMagicLink = () => refused('UNAVAILABLE')
      await page.goto(`${fake.url}/auth/verify#${TOKEN}`)
      await shows(page, 'That did not work yet')
      await alerts('The server cannot do this at the moment')
      await look(page, 'verify-failed')
      fake.answers.VerifyMagicLink = () => ({ data: { verifyMagicLink: confirmationRequired() } })
      await page.getByRole('button', { name: 'Try again' }).click()
      await shows(page, 'Sign in here?')
    })

    test('M2: without scripts it asks the server nothing, and says what to do', async () => {
      const scanner = await browser.newContext({ javaScriptEnabled: false })
      const opened = await scanner.newPage()
      await opened.goto(`${fake.url}/auth/verify#${TOKEN}`)
      expect(await opened.getByRole('main').innerText()).toContain('is not used up')
      expect(fake.calls).toEqual([])
      await scanner.close()
    })
  })

  describe('the home page', () => {
    test('leads to the sign-in page when nobody is signed in', async () => {
      await page.goto(`${fake.url}/`)
      await look(page, 'home')
      await page.getByRole('link', { name: 'Sign in' }).click()
      await page.waitForURL('**/sign-in')
    })

    test('leads whoever is signed in to the account, and says so once they have signed out', async () => {
      fake.answers.Me = () => ({ data: { me: ada } })
      fake.answers.Logout = () => ({ data: { logout: true } })
      await page.goto(`${fake.url}/`)
      await page.waitForURL('**/account')
      await page.getByRole('button', { name: 'Sign out' }).click()
      await shows(page, 'You are signed out')
      await look(page, 'signed-out')
      expect(fake.calls.map(({ operation }) => operation)).toContain('Logout')
      await page.getByRole('link', { name: 'Latchkey, to the home page' }).click()
      await page.getByRole('status').filter({ hasText: 'You are signed out.' }).waitFor()
      await look(page, 'home-signed-out')
    })

    test('says so when the server cannot tell, and tries again', async () => {
      fake.answers.Me = () => refused('UNAVAILABLE')
      await page.goto(`${fake.url}/`)
      await alerts('The server cannot do this at the moment')
      await look(page, 'home-failed')
      fake.answers.Me = () => ({ data: { me: ada } })
      await page.getByRole('button', { name: 'Try again' }).click()
      await page.waitForURL('**/account')
    })

    test('shows the way to GraphiQL and the mailbox in development alone', async () => {
      await page.goto(`${fake.url}/`)
      expect(await page.getByRole('link', { name: 'GraphiQL' }).isVisible()).toBe(false)
    })
  })
})

async function askForMail(seconds = 600): Promise<void> {
  fake.answers.RequestMagicLink = () => mailSent(seconds)
  await page.goto(`${fake.url}/sign-in`)
  await address().fill('ada@example.com')
  await page.keyboard.press('Enter')
  await shows(page, 'Look in your mail')
}

const alerts = (text: string): Promise<void> => page.getByRole('alert').filter({ hasText: text }).waitFor()

const address = (): Locator => page.getByLabel('Mail address')

const code = (): Locator => page.getByLabel('Six-digit code')

const expectFocus = (where: Locator): Promise<void> =>
  expect.poll(() => where.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true)

/** Puts text into the field of the code as the clipboard does. */
async function paste(text: string): Promise<void> {
  await code().focus()
  await page.evaluate(`document.execCommand('insertText', false, ${JSON.stringify(text)})`)
}
