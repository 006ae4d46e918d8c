import type { Visitor } from '../support/browser-like.ts'

/** A browser, and the session that it was told of. */
export type Desk = { browser: Visitor; session: { id: string; cookie: string } | null }

/**
 * What was asked and not answered yet. When the server dies it stays open whether it was done, but not what it would
 * have done: of a record, the revision before and after, null where it is not there.
 */
export type Unanswered =
  | { deed: 'ask' }
  | { deed: 'redeem'; desk: Desk; token: string; cookieBefore: string | null }
  | { deed: 'write'; id: string; before: number | null; after: number | null }
  | { deed: 'end session'; desk: Desk }

/** How often something was done for certain: answered, or found done afterwards. */
export type Done = { created: number; updated: number; deleted: number; signedIn: number; ended: number }

/** Somebody who remembers all that the server ever acknowledged. */
export type Person = {
  email: string
  desks: [Desk, Desk]
  /** Revisions by id. */
  records: Map<string, number>
  deletedRecords: string[]
  usedTokens: Set<string>
  deadCookies: string[]
  unanswered: Unanswered | null
  asked: number
  askedAndAnswered: number
  done: Done
  /** Of what was unanswered, how much turned out to have been done, and not. */
  found: { done: number; undone: number }
}

export function newPerson(email: string, open: () => Visitor): Person {
  const desk = (): Desk => ({ browser: open(), session: null })
  return {
    email,
    desks: [desk(), desk()],
    records: new Map(),
    deletedRecords: [],
    usedTokens: new Set(),
    deadCookies: [],
    unanswered: null,
    asked: 0,
    askedAndAnswered: 0,
    done: { created: 0, updated: 0, deleted: 0, signedIn: 0, ended: 0 },
    found: { done: 0, undone: 0 },
  }
}

export const SESSION_COOKIE = 'latchkey-session'

export function cookieOf({ browser }: Desk): string | null {
  return browser.cookies.get(SESSION_COOKIE) ?? null
}

// What is noted here is certain, and with that nothing is unanswered any more.

/** The link was used, and the desk has a new session in place of the one that it may have had. */
export function noteSignIn(person: Person, desk: Desk, token: string, session: Desk['session']): void {
  person.usedTokens.add(token)
  person.done.signedIn += 1
  if (desk.session && desk.session.cookie !== session?.cookie) person.deadCookies.push(desk.session.cookie)
  desk.session = session
  if (!session) desk.browser.cookies.delete(SESSION_COOKIE)
  person.unanswered = null
}

export function noteEnd(person: Person, desk: Desk): void {
  if (desk.session) person.deadCookies.push(desk.session.cookie)
  desk.session = null
  desk.browser.cookies.delete(SESSION_COOKIE)
  person.done.ended += 1
  person.unanswered = null
}

export function noteWrite(person: Person, id: string, before: number | null, after: number | null): void {
  if (after === null) {
    person.records.delete(id)
    person.deletedRecords.push(id)
  } else person.records.set(id, after)
  person.done[after === null ? 'deleted' : before === null ? 'created' : 'updated'] += 1
  person.unanswered = null
}
