import { createApp } from '../src/app.ts'
import type { App } from '../src/app.ts'
import type { Mail } from '../src/platform/mail/mailer.ts'
import { visit } from '../tests/support/browser-like.ts'
import { tokenIn } from '../tests/support/mailbox.ts'
import { quietPort } from '../tests/support/process.ts'
import { inTurns } from './support/compare.ts'
import type { Round } from './support/load.ts'
import { emailOf } from './support/seed.ts'
import type { Settings } from './support/settings.ts'
import { stageOn } from './support/stage.ts'
import type { Stage } from './support/stage.ts'
import { ratioLine } from './support/table.ts'
import type { Line } from './support/table.ts'

const TARGET = 0.9
const AT_ONCE = 8
const WARM_UP_SECONDS = 5

const REQUEST = 'mutation ($email: String!) { requestMagicLink(input: { email: $email }) { message } }'
const VERIFY = `mutation ($token: String!) {
  verifyMagicLink(input: { token: $token }) { ... on SignedIn { user { email } } } }`

/** Whole sign-ins of people who have an account, by mail and over HTTP, among many users and among few. */
export async function measureSignIn(settings: Settings): Promise<Line[]> {
  if (!settings.postgresUrl) return []
  const { fewUsers, manyUsers, roundSeconds } = settings
  const open = async (users: number) => openOn(await stageOn(settings, 'postgresql', { users, recordsPerUser: 0 }))
  const [few, many] = [await open(fewUsers), await open(manyUsers)]
  for (const site of [few, many]) await signIns(site, WARM_UP_SECONDS)
  const ratio = await inTurns(
    settings,
    () => signIns(many, roundSeconds),
    () => signIns(few, roundSeconds),
  )
  await Promise.all([few.app.close(), many.app.close()])
  const name = `sign-in: ${manyUsers.toLocaleString('en')} users against ${fewUsers.toLocaleString('en')}`
  return [ratioLine({ name, database: 'postgresql', ...ratio }, TARGET)]
}

type Site = { app: App; url: URL; users: number; mails: ReturnType<typeof post> }

async function openOn({ env, amounts }: Stage): Promise<Site> {
  const url = new URL(`http://localhost:${await quietPort()}`)
  const mails = post()
  // Plain http: the mailer is replaced, and the one process asks itself.
  const site = { ...env, NODE_ENV: 'development', PUBLIC_URL: url.origin, PORT: url.port }
  const app = await createApp(site, { mailer: mails.mailer })
  await app.listen()
  return { app, url, users: amounts.users, mails }
}

/** Signs in people chosen by chance for some time, several at once. Each must come to stand for the right person. */
async function signIns(site: Site, seconds: number): Promise<Round> {
  const [began, cpuBefore] = [performance.now(), process.cpuUsage()]
  const end = began + seconds * 1_000
  let requests = 0
  // Each has people of its own: two who wait for one mailbox would get each other's mail.
  const keepSigningIn = async (_: unknown, first: number) => {
    const chosen = () => first + AT_ONCE * Math.floor((Math.random() * site.users) / AT_ONCE)
    for (; performance.now() < end; requests++) await signIn(site, emailOf(chosen()))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, keepSigningIn))
  const { user, system } = process.cpuUsage(cpuBefore)
  return {
    requests,
    perSecond: requests / ((performance.now() - began) / 1_000),
    cpuPerRequest: (user + system) / 1_000_000 / requests,
  }
}

async function signIn({ url, mails }: Site, email: string): Promise<void> {
  const browser = visit(url)
  const mail = mails.next(email)
  const asked = await browser.graphql(REQUEST, { email })
  if (asked.errors.length > 0) throw new Error(`A link was refused: ${JSON.stringify(asked.errors)}`)
  const token = tokenIn(await mail)
  const verified = await browser.graphql<{ verifyMagicLink: { user?: { email: string } } }>(VERIFY, { token })
  if (verified.data?.verifyMagicLink.user?.email === email) return
  throw new Error(`A sign-in failed: ${JSON.stringify({ data: verified.data, errors: verified.errors })}`)
}

/** A mailer that hands each mail to whoever waits for it, and keeps none. */
function post() {
  const waiting = new Map<string, (mail: Mail) => void>()
  return {
    next: (to: string) => new Promise<Mail>((resolve) => void waiting.set(to, resolve)),
    mailer: {
      name: 'bench',
      send: (mail: Mail) => {
        waiting.get(mail.to)?.(mail)
        waiting.delete(mail.to)
        return Promise.resolve()
      },
      close: () => Promise.resolve(),
    },
  }
}
