import type { TestApp } from '../../support/app.ts'
import type { Visitor } from '../../support/browser-like.ts'
import { signIn } from '../../support/people.ts'
import type { Person } from '../../support/people.ts'
import { rowId } from '../reauthentication/support.ts'

export const COOKIE = 'latchkey-device'

/** The entries that a browser holds, the newest first. */
export function entriesOf({ cookies }: Visitor): string[] {
  return (cookies.get(COOKIE) ?? '').split('~').filter(Boolean)
}

/** How many warnings of a kind a person was given. */
export function alertsTo(app: TestApp, { userId }: Pick<Person, 'userId'>, kind = 'login.new-device'): Promise<number> {
  return app.services.database.systemDb.securityAlert.count({ where: { userId: rowId(userId), kind } })
}

/** Whether signing in from the browser is no news to an account that has signed in elsewhere before. */
export async function isKnown(app: TestApp, person: Person, browser: Visitor): Promise<boolean> {
  const before = await alertsTo(app, person)
  await signIn(app, person.email, { browser })
  return (await alertsTo(app, person)) === before
}

/** A browser that holds these entries and nothing else. */
export function browserWith(app: TestApp, value: string): Visitor {
  const browser = app.browser()
  browser.cookies.set(COOKIE, value)
  return browser
}
