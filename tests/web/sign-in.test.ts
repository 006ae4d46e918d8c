import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { withoutBrowser } from '../support/browser.ts'
import { PASSPHRASE, signInDevice, steadyPerson } from '../support/devices.ts'
import { codeIn, isSignInMail, tokenIn } from '../support/mailbox.ts'
import { newAddress } from '../support/people.ts'
import { addAuthenticator, ask, closePagesStage, enter, look, openPagesStage } from './app-pages.ts'
import { openVisitor, registerPasskey, shows } from './app-pages.ts'
import type { PagesStage, Visitor } from './app-pages.ts'

// Signing in, by each way, at the server with its pages.

let stage: PagesStage
let visitor: Visitor
let page: Page

describe.skipIf(withoutBrowser())('signing in', () => {
  beforeAll(async () => {
    stage = await openPagesStage()
  })
  afterAll(() => closePagesStage(stage))
  beforeEach(async () => {
    visitor = await openVisitor(stage)
    page = visitor.page
  })
  afterEach(async () => {
    expect(visitor.complaints).toEqual([])
    await visitor.context.close()
  })

  /** Another browser, which is closed, and had no complaints, once `work` is done. */
  async function elsewhere(work: (other: Page) => Promise<void>, options = {}): Promise<void> {
    const { context, page: other, complaints } = await openVisitor(stage, options)
    await work(other)
    expect(complaints).toEqual([])
    await context.close()
  }

  describe('by a link', () => {
    test('in the same browser it signs in at once, and the page that waited says so', async () => {
      const { email, link } = await askForMail()
      const opened = await visitor.context.newPage()
      await opened.goto(link)
      await shows(opened, 'Overview')
      expect(opened.url()).toBe(`${stage.app.url.origin}/account`)

      await page.getByText('It happened in another tab').waitFor()
      await page.getByRole('link', { name: 'Go on' }).click()
      await shows(page, 'Overview')
      expect(await whoIs(page)).toBe(email)
    })

    test('in another browser it says what was asked, from where, and signs in by a press', async () => {
      const { email, link } = await askForMail('/notes')
      await elsewhere(async (other) => {
        await other.goto(link)
        await shows(other, 'Sign in here?')
        const facts = await other.getByRole('definition').allTextContents()
        expect(facts).toEqual([email, expect.stringMatching(/^just now/), 'Chrome on Linux', '127.0.0.1'])
        expect(await whoIs(other)).toBeUndefined()

        await other.getByRole('button', { name: 'Sign in here' }).press('Enter')
        await other.waitForURL('**/notes')
        expect(await whoIs(other)).toBe(email)
      })
      expect(await whoIs(page)).toBeUndefined()
    })

    test('M2: a scanner that opens it, with scripts and without, uses nothing up', async () => {
      const { email, link } = await askForMail()
      await elsewhere(async (scanner) => {
        await scanner.goto(link)
        await shows(scanner, 'Sign in here?')
      })
      const without = { javaScriptEnabled: false }
      await elsewhere(async (scanner) => {
        await scanner.goto(link)
        expect(await scanner.getByRole('main').innerText()).toContain('is not used up')
      }, without)
      await page.goto(link)
      await shows(page, 'Overview')
      expect(await whoIs(page)).toBe(email)
    })

    test('another link that is pasted over the first is opened in its place', async () => {
      await page.goto(`${stage.app.url.origin}/auth/verify#${'x'.repeat(43)}`)
      await shows(page, 'This link no longer works')
      const { email, link } = await elsewhereAskForMail()
      await page.evaluate(`location.hash = ${JSON.stringify(new URL(link).hash)}`)
      await shows(page, 'Sign in here?')
      await page.getByText(email).waitFor()
      expect(page.url()).toBe(`${stage.app.url.origin}/auth/verify`)
    })

    test('an answer about who is signed in that comes late does not undo it', async () => {
      const { link } = await askForMail()
      const opened = await visitor.context.newPage()
      let release: () => void = () => undefined
      const held = new Promise<void>((resolve) => (release = resolve))
      let answered: (() => void) | undefined
      const late = new Promise<void>((resolve) => (answered = resolve))
      await opened.route('**/graphql', async (route) => {
        const isFirst = answered !== undefined && (route.request().postData() ?? '').includes('query Me')
        if (!isFirst) return route.continue()
        const tell = answered
        answered = undefined
        const response = await route.fetch() // nobody is signed in yet
        await held
        await route.fulfill({ response })
        tell?.()
      })
      await opened.goto(link)
      await shows(opened, 'Overview')
      release()
      await late
      await opened.getByRole('link', { name: 'Sessions' }).click()
      await shows(opened, 'Sessions')
    })
  })

  describe('by a code', () => {
    test('typed, by the keyboard alone, remembered on this device', async () => {
      await page.goto(`${stage.app.url.origin}/sign-in`)
      const email = newAddress()
      await focusIs('Mail address')
      await page.keyboard.type(email)
      await page.keyboard.press('Tab')
      await page.keyboard.press('Tab')
      await page.keyboard.press('Space')
      expect(await page.getByLabel('Remember this device').isChecked()).toBe(true)
      await page.keyboard.press('Shift+Tab')
      await page.keyboard.press('Enter')
      await shows(page, 'Look in your mail')
      await focusIs('Six-digit code')
      await page.keyboard.type(codeIn(await stage.app.mailbox.latest(email)))
      await shows(page, 'Overview')
      expect(await ask(page, '{ session { remembered } }')).toEqual({ session: { remembered: true } })
    })

    test('pasted as the mail writes it; what is no digit never stands in the field', async () => {
      const { email } = await askForMail()
      const field = page.getByLabel('Six-digit code')
      await field.pressSequentially('x1 y')
      expect(await field.inputValue()).toBe('1')
      await field.fill('')
      const code = codeIn(await stage.app.mailbox.latest(email))
      await field.focus()
      await page.evaluate(`document.execCommand('insertText', false, ' ${code.slice(0, 3)} ${code.slice(3)} ')`)
      await shows(page, 'Overview')
      expect(await whoIs(page)).toBe(email)
      expect(await ask(page, '{ session { remembered } }')).toEqual({ session: { remembered: false } })
    })

    test('from a page that wants a session to that page, and back leads not to the form', async () => {
      await page.goto(`${stage.app.url.origin}/account/encryption`)
      await shows(page, 'You are not signed in')
      await page.getByRole('link', { name: 'Sign in' }).click()
      await shows(page, 'Sign in')
      const email = await sendForm(page)
      await page.getByLabel('Six-digit code').fill(codeIn(await stage.app.mailbox.latest(email)))
      await shows(page, 'Encryption')
      await page.goBack()
      await shows(page, 'Encryption')
      expect(page.url()).toBe(`${stage.app.url.origin}/account/encryption`)
    })
  })

  describe('by a passkey', () => {
    test('by the button, which is the main one the next time', async () => {
      await offerNothingInFields(page)
      await addAuthenticator(visitor)
      const email = await enter(stage, visitor)
      await registerPasskey(page)
      await page.getByRole('button', { name: 'Sign out' }).click()
      await shows(page, 'You are signed out')

      await page.goto(`${stage.app.url.origin}/sign-in?redirect_to=%2Fnotes`)
      await focusIs('Mail address')
      await page.getByLabel('Remember this device').check()
      await page.getByRole('button', { name: 'Use a passkey' }).click()
      await page.waitForURL('**/notes')
      expect(await whoIs(page)).toBe(email)
      expect(await ask(page, '{ session { remembered level } }')).toEqual({
        session: { remembered: true, level: 'STRONG' },
      })

      await ask(page, 'mutation { logout }')
      await page.goto(`${stage.app.url.origin}/sign-in`)
      const button = page.getByRole('button', { name: 'Use a passkey' })
      await expect.poll(() => button.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true)
      await look(page, 'sign-in-passkey-first')
      expect(await page.evaluate('({ ...localStorage })')).toEqual({ 'latchkey:passkey-used': 'yes' })
      await page.keyboard.press('Enter')
      await shows(page, 'Overview')
    })

    test('from among the suggestions of the address field', async () => {
      await addAuthenticator(visitor)
      const email = await enter(stage, visitor)
      await registerPasskey(page)
      await page.getByRole('button', { name: 'Sign out' }).click()
      await shows(page, 'You are signed out')
      await page.getByRole('link', { name: 'Sign in' }).click() // the authenticator chooses at once
      await shows(page, 'Overview')
      expect(await whoIs(page)).toBe(email)
    })

    test('opens the keys with the same touch, which the pages that follow keep', async () => {
      await offerNothingInFields(page)
      await addAuthenticator(visitor)
      const email = newAddress()
      await (await signInDevice(stage.app, email)).encryption.setup(steadyPerson())
      await enter(stage, visitor, { email, at: '/account/encryption' })
      await page.getByRole('button', { name: 'Add a passkey that unlocks' }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByLabel('Passphrase').fill(PASSPHRASE)
      await dialog.getByRole('button', { name: 'Go on' }).click()
      await page.getByText('Signs you in and unlocks').waitFor()
      await page.getByRole('button', { name: 'Sign out' }).click()
      await shows(page, 'You are signed out')

      await page.getByRole('link', { name: 'Sign in' }).click()
      await shows(page, 'Sign in')
      await page.getByRole('button', { name: 'Use a passkey' }).click()
      await shows(page, 'Encryption')
      await page.getByRole('heading', { name: 'Unlocked on this device' }).waitFor()
    })

    test('that is not used says so, and mail stays a way; the suggestions end with the form', async () => {
      await page.addInitScript(`
        globalThis.asked = []
        navigator.credentials.get = (options) => {
          asked.push(options)
          return options.mediation === 'conditional'
            ? new Promise((resolve, reject) => options.signal.addEventListener('abort', () => reject(options.signal.reason)))
            : Promise.reject(new DOMException('No.', 'NotAllowedError'))
        }
      `)
      await page.goto(`${stage.app.url.origin}/sign-in`)
      await expect.poll(() => ceremonies(page)).toEqual(['conditional'])
      await page.getByRole('button', { name: 'Use a passkey' }).click()
      await page.getByRole('alert').filter({ hasText: 'No passkey was used.' }).waitFor()
      await expect.poll(() => ceremonies(page)).toEqual(['conditional, ended', 'optional, ended', 'conditional'])
      await look(page, 'sign-in-passkey-not-used')

      await page.getByLabel('Mail address').fill(newAddress())
      await page.keyboard.press('Enter')
      await shows(page, 'Look in your mail')
      await expect.poll(async () => (await ceremonies(page)).at(-1)).toBe('conditional, ended')
    })

    test('that the account no longer has says so', async () => {
      await offerNothingInFields(page)
      await addAuthenticator(visitor)
      await enter(stage, visitor)
      const id = await registerPasskey(page)
      await ask(page, 'mutation ($id: ID!) { removeDevice(id: $id) { id } }', { id })
      await ask(page, 'mutation { logout }')
      await page.goto(`${stage.app.url.origin}/sign-in`)
      await page.getByRole('button', { name: 'Use a passkey' }).click()
      await page.getByRole('alert').filter({ hasText: 'This passkey does not work here.' }).waitFor()
    })

    test('to a place that is not allowed says so, and goes to the account at the next try', async () => {
      await offerNothingInFields(page)
      await addAuthenticator(visitor)
      await enter(stage, visitor)
      await registerPasskey(page)
      await ask(page, 'mutation { logout }')
      await page.goto(`${stage.app.url.origin}/sign-in?redirect_to=https%3A%2F%2Felsewhere.example`)
      const button = page.getByRole('button', { name: 'Use a passkey' })
      await button.click()
      await page.getByRole('status').filter({ hasText: 'that this server does not allow' }).waitFor()
      await button.click()
      await shows(page, 'Overview')
    })

    test('is not offered where the browser has none', async () => {
      await page.addInitScript('delete globalThis.PublicKeyCredential')
      await page.goto(`${stage.app.url.origin}/sign-in`)
      await shows(page, 'Sign in')
      expect(await page.getByRole('button', { name: 'Use a passkey' }).count()).toBe(0)
      await look(page, 'sign-in-without-passkeys')
    })
  })

  test('whoever is signed in already is told so, goes on, or signs in as somebody else', async () => {
    const email = await enter(stage, visitor, { at: '/sign-in?redirect_to=%2Faccount%2Fsessions' })
    await shows(page, 'You are signed in')
    await page.getByText(email).waitFor()
    await look(page, 'sign-in-already')
    expect(await page.getByRole('link', { name: 'Go on' }).getAttribute('href')).toBe('/account/sessions')
    await page.getByRole('button', { name: 'Sign in as somebody else' }).click()
    await shows(page, 'Sign in')
    expect(await whoIs(page)).toBeUndefined()
  })

  test.each(['https://elsewhere.example/', '//elsewhere.example/', 'javascript:alert(1)'])(
    'whoever is signed in already is not sent to %s',
    async (place) => {
      await enter(stage, visitor, { at: `/sign-in?redirect_to=${encodeURIComponent(place)}` })
      await shows(page, 'You are signed in')
      expect(await page.getByRole('link', { name: 'Go on' }).getAttribute('href')).toBe('/account')
    },
  )

  test('in development the mailbox is one press away', async () => {
    await askForMail()
    const link = page.getByRole('link', { name: 'Open the development mailbox' })
    await look(page, 'sign-in-mail-sent-in-development')
    expect(await link.getAttribute('href')).toBe('/dev/mailbox')
    await page.goto(stage.app.url.origin)
    await page.getByRole('link', { name: 'GraphiQL' }).waitFor()
    await look(page, 'home-in-development')
  })
})

test.skipIf(withoutBrowser())('a limit that is reached is told in words, with the time to come back', async () => {
  const scarce = await openPagesStage({ RATE_LIMIT_SCALE: '1' })
  const { page: waiting, context, complaints } = await openVisitor(scarce)
  await waiting.clock.install()
  await waiting.goto(`${scarce.app.url.origin}/sign-in`)
  await waiting.getByLabel('Mail address').fill('ada@example.com')
  await waiting.keyboard.press('Enter')
  const again = waiting.getByRole('button', { name: 'Send it again' })
  for (let count = 2; count <= 3; count++) {
    await waiting.clock.runFor(31_000)
    await Promise.all([waiting.waitForResponse('**/graphql'), again.click()])
    await waiting.getByText('Sent again. The newest mail counts.').waitFor()
    await scarce.app.mailbox.latest('ada@example.com', count)
  }
  await waiting.clock.runFor(31_000)
  await again.click()
  await waiting.getByRole('alert').filter({ hasText: 'Too many tries for now. You can try again in' }).waitFor()
  await look(waiting, 'sign-in-again-limit')
  expect(complaints).toEqual([])
  await context.close()
  await closePagesStage(scarce)
})

/** Opens the form, fills it in and sends it; gives the link of the mail. */
async function askForMail(place?: string, at: Page = page): Promise<{ email: string; link: string }> {
  const { origin } = stage.app.url
  await at.goto(`${origin}/sign-in${place === undefined ? '' : `?redirect_to=${encodeURIComponent(place)}`}`)
  const email = await sendForm(at)
  return { email, link: `${origin}/auth/verify#${tokenIn(await stage.app.mailbox.latest(email, 1, isSignInMail))}` }
}

async function sendForm(at: Page): Promise<string> {
  const email = newAddress()
  await at.getByLabel('Mail address').fill(email)
  await at.getByRole('button', { name: 'Send me a link' }).click()
  await shows(at, 'Look in your mail')
  return email
}

async function elsewhereAskForMail(): Promise<{ email: string; link: string }> {
  const other = await openVisitor(stage)
  const asked = await askForMail(undefined, other.page)
  await other.context.close()
  return asked
}

async function whoIs(at: Page): Promise<string | undefined> {
  const { me } = (await ask(at, '{ me { email } }')) as { me: { email: string } | null }
  return me?.email
}

const focusIs = (label: string): Promise<void> =>
  expect
    .poll(() => page.getByLabel(label).evaluate((element) => element === element.ownerDocument.activeElement))
    .toBe(true)

/** The virtual authenticator would choose a passkey from among the suggestions before anybody could press a button. */
const offerNothingInFields = (at: Page) =>
  at.addInitScript('PublicKeyCredential.isConditionalMediationAvailable = () => Promise.resolve(false)')

/** The ceremonies that the page began, in order, and whether they were called off. */
const ceremonies = (at: Page): Promise<string[]> =>
  at.evaluate(`asked.map(({ mediation = 'optional', signal }) => mediation + (signal.aborted ? ', ended' : ''))`)
