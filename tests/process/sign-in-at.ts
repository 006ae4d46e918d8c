import type { Visitor } from '../support/browser-like.ts'
import { tokenIn } from '../support/mailbox.ts'
import { REQUEST, VERIFY } from '../support/people.ts'
import type { Verified } from '../support/people.ts'
import { mailIn } from '../support/process.ts'
import type { ServerProcess } from '../support/process.ts'
import { granted } from './deeds.ts'

/** Signs in at a server whose mail goes to the development mailbox; gives the browser and the session's id. */
export async function signInAt(server: ServerProcess, email: string): Promise<{ browser: Visitor; sessionId: string }> {
  const browser = server.browser()
  const token = await linkFrom(server, email, browser)
  const { data } = granted(await browser.graphql<Verified>(VERIFY, { token }))
  if (data?.verifyMagicLink.__typename !== 'SignedIn') throw new Error(`No sign-in: ${JSON.stringify(data)}`)
  return { browser, sessionId: data.verifyMagicLink.session.id }
}

/** Asks for a link, and gives its token from the mailbox; `count` says the how many-th it is for the address. */
export async function linkFrom(
  server: ServerProcess,
  email: string,
  browser = server.browser(),
  count = 1,
): Promise<string> {
  granted(await browser.graphql(REQUEST, { email }))
  return tokenIn(await mailIn(server, email, count))
}
