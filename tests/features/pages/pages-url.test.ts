import { expect, test } from 'vitest'
import { linkThatStops } from '../../../src/features/recovery/cancel-link.ts'
import { startTestApp } from '../../support/app.ts'
import { isSignInMail } from '../../support/mailbox.ts'
import { signIn } from '../../support/people.ts'
import { raise } from '../alerts/support.ts'

// Where people are shown the pages of a frontend, all that a mail links to is there, and it names that place.

const PAGES_URL = 'https://app.example.com/login'
const env = { PAGES: 'off', PAGES_URL, ALLOWED_ORIGINS: 'https://app.example.com' }

test('every link of a mail leads below PAGES_URL, and the mail names its host', async () => {
  const app = await startTestApp({ env })
  const person = await signIn(app)
  const signInMail = await app.mailbox.latest(person.email, 1, isSignInMail)
  expect(signInMail.text).toMatch(/^https:\/\/app\.example\.com\/login\/auth\/verify#[\w-]{43}$/m)
  expect(signInMail.subject).toBe('Sign in to app.example.com')

  await raise(app, person)
  app.services.outbox.wake()
  const alert = await app.mailbox.latest(person.email, 1, (mail) => !isSignInMail(mail))
  expect(alert.text).toMatch(/https:\/\/app\.example\.com\/login\/auth\/not-me#[\w-]{43}$/m)

  const cancelKeyId = app.services.keys.currentId
  const { action } = linkThatStops(app.services, { id: 'a-request', cancelKeyId })
  expect(action?.href).toMatch(/^https:\/\/app\.example\.com\/login\/auth\/cancel-recovery#[\w-]{43}$/)

  for (const mail of app.mailbox.mails) expect(mail.text + mail.html).not.toContain(app.url.host)
  await app.close()
})

test('the API is served as ever, and the pages are not', async () => {
  const app = await startTestApp({ env })
  expect((await fetch(new URL('/sign-in', app.url))).status).toBe(404)
  expect(await (await fetch(app.url)).text()).toContain(PAGES_URL)
  expect((await fetch(new URL('/healthz', app.url))).status).toBe(200)
  const person = await signIn(app)
  expect((await person.browser.graphql('{ me { email } }')).data).toEqual({ me: { email: person.email } })
  await app.close()
})
