import { VERIFY } from '../support/people.ts'
import type { Verified } from '../support/people.ts'
import { contentAt, granted, sessionIn } from './deeds.ts'
import { cookieOf, noteEnd, noteSignIn, noteWrite, SESSION_COOKIE } from './memory.ts'
import type { Desk, Person, Unanswered } from './memory.ts'

const ALL_RECORDS = /* GraphQL */ `
  {
    records(first: 100) {
      totalCount
      edges {
        node {
          id
          revision
          title
          data
          secret
        }
      }
    }
  }
`
type AllRecords = {
  records: { totalCount: number; edges: { node: { id: string; revision: number } & ReturnType<typeof contentAt> }[] }
}

/**
 * Holds the server against what it had acknowledged before it died. What it had not, it may have done or not, but whole:
 * the person finds out which, and remembers that from now on.
 */
export async function settle(person: Person): Promise<void> {
  const { unanswered } = person
  if (unanswered?.deed === 'redeem') await settleRedeem(person, unanswered)
  if (unanswered?.deed === 'end session') await settleEnd(person, unanswered)
  for (const desk of person.desks) {
    if (desk.session) must(await isAlive(person, desk, desk.session.cookie), 'a session is gone that was never ended')
  }
  const cookie = person.deadCookies.at(-1)
  if (cookie) must(!(await isAlive(person, person.desks[0], cookie)), 'a session lives that was ended')

  const desk = person.desks.find(({ session }) => session)
  if (desk) await settleRecords(person, desk)
  must(person.unanswered?.deed !== 'write' || desk !== undefined, 'nobody is signed in who was writing')
  person.unanswered = null
}

/** The link itself tells: when it still works, it had not been used, and nothing had changed. */
async function settleRedeem(
  person: Person,
  { desk, token, cookieBefore }: Unanswered & { deed: 'redeem' },
): Promise<void> {
  const headArrived = cookieOf(desk) !== cookieBefore // a new cookie came before the answer broke off
  const oldLives = cookieBefore !== null && (await isAlive(person, desk, cookieBefore))
  const answer = await desk.browser.graphql<Verified>(VERIFY, { token, confirm: true })

  if (answer.code === null) {
    must(!headArrived, 'a link worked twice')
    must(oldLives || cookieBefore === null, 'a session ended without the sign-in that was to renew it')
    found(person, 'undone')
    return noteSignIn(person, desk, token, sessionIn(granted(answer), desk))
  }
  must(answer.code === 'LINK_INVALID', `a link was refused with ${answer.code}`)
  must(!oldLives, 'a sign-in has used its link and left the old session')
  const session = headArrived ? await currentSession(desk) : null
  found(person, 'done')
  noteSignIn(person, desk, token, session)
}

async function settleEnd(person: Person, { desk }: Unanswered & { deed: 'end session' }): Promise<void> {
  if (!desk.session) throw new Error('Nobody ends a session that is not there.')
  if (await isAlive(person, desk, desk.session.cookie)) return found(person, 'undone')
  noteEnd(person, desk)
  found(person, 'done')
}

async function settleRecords(person: Person, desk: Desk): Promise<void> {
  const { data } = granted(await desk.browser.graphql<AllRecords>(ALL_RECORDS))
  const seen = new Map(data?.records.edges.map(({ node }) => [node.id.slice('record_'.length), node]))
  must(data?.records.totalCount === seen.size, 'more records than a page holds')
  for (const { id: _, revision, ...content } of seen.values()) {
    must(
      JSON.stringify(content) === JSON.stringify(contentAt(revision)),
      `a record at ${revision} holds ${JSON.stringify(content)}`,
    )
  }

  const { unanswered } = person
  if (unanswered?.deed === 'write') {
    const { id, before, after } = unanswered
    const revision = seen.get(id)?.revision ?? null
    must(revision === before || revision === after, `a record is at ${revision}, and was at ${before} or ${after}`)
    if (revision === after) noteWrite(person, id, before, after)
    found(person, revision === after ? 'done' : 'undone')
  }
  for (const [id, revision] of person.records)
    must(seen.get(id)?.revision === revision, `a record is at ${seen.get(id)?.revision}, and was at ${revision}`)
  must(seen.size === person.records.size, 'a record is there that nobody made')
}

async function currentSession(desk: Desk): Promise<Desk['session']> {
  const { data } = granted(await desk.browser.graphql<{ session: { id: string } | null }>('{ session { id } }'))
  const cookie = cookieOf(desk)
  if (!data?.session || !cookie) throw new Error('The cookie of a sign-in opens no session.')
  return { id: data.session.id, cookie }
}

/** Whether a cookie speaks for the person. It is sent by itself: the browser's own cookies stay where they are. */
export async function isAlive({ email }: Person, { browser }: Desk, cookie: string): Promise<boolean> {
  const headers = { cookie: `${SESSION_COOKIE}=${cookie}` }
  const { data } = granted(await browser.graphql<{ me: { email: string } | null }>('{ me { email } }', {}, { headers }))
  must(!data?.me || data.me.email === email, 'a session speaks for somebody else')
  return Boolean(data?.me)
}

function found(person: Person, what: 'done' | 'undone'): void {
  person.found[what] += 1
  person.unanswered = null
}

function must(holds: boolean, fault: string): void {
  if (!holds) throw new Error(`After a kill: ${fault}.`)
}
