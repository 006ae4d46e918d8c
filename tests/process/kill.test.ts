import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { hashToken } from '../../src/platform/crypto/tokens.ts'
import { visit } from '../support/browser-like.ts'
import { freshDatabase, provider } from '../support/databases.ts'
import { endAll, makeBuild, quietPort, startServer, startedServer } from '../support/process.ts'
import type { ServerProcess } from '../support/process.ts'
import { redeemAgain } from './deeds.ts'
import { beginLife, live } from './live.ts'
import type { Life } from './live.ts'
import { startMailServer } from './mail-server.ts'
import type { MailServer } from './mail-server.ts'
import { newPerson } from './memory.ts'
import type { Person } from './memory.ts'
import { findHalfMade, openInspector, timesOf } from './rules.ts'
import type { Inspector, Tables } from './rules.ts'
import { isAlive, settle } from './settle.ts'
import { signInAt } from './sign-in-at.ts'

const KILLS = provider === 'sqlite' ? 180 : 20
const KILLED_FIRST_STARTS = provider === 'sqlite' ? 24 : 4
const PEOPLE = 6
const LONGEST_LIFE_MS = 300
const MOST_DEEDS = 40
const LONGEST_WAIT_MS = 5_000
const LOOK_INSIDE_EVERY = 15

beforeAll(makeBuild)
afterEach(endAll)

// KILL_SEED repeats the delays and the choices of a run; what the server was doing at each of them it cannot repeat.
const seed = Number(process.env['KILL_SEED'] ?? Math.floor(Math.random() * 2 ** 32))
const random = seededRandom(seed)

test(`${KILLS} kills during sign-ins and writes lose nothing that was answered, and leave nothing half-made`, async () => {
  const mail = await startMailServer()
  const database = await freshDatabase()
  const port = await quietPort()
  const env = { ...database.env, ...QUIET, SMTP_URL: mail.url, MAIL_FROM: 'latchkey@example.com' }
  const open = () => visit(new URL(`http://127.0.0.1:${port}`), `http://localhost:${port}`)
  const people = Array.from({ length: PEOPLE }, (_, index) => newPerson(`person-${index}@example.com`, open))
  const inspector = openInspector(env)
  try {
    for (let kill = 1; kill <= KILLS; kill++) {
      const server = await startedServer(env, port)
      if (kill % LOOK_INSIDE_EVERY === 0) await expectWhole(inspector)
      await useUntilKilled(server, people, mail)
    }
    const server = await startedServer(env, port)
    const early = mail.received()
    await Promise.all(people.map((person) => expectAllRemembered(person)))
    await sendTheRest(inspector, mail)
    expect(sumOver(people, changesOf)).toBeGreaterThan(KILLS) // they came in the middle of work
    expectAsRemembered(await expectWhole(inspector), people, mail)
    expect(await server.stop()).toMatchObject({ code: 0, output: GREETING })
    console.log(summary(people, mail, early))
  } finally {
    await inspector.close()
    await database.drop()
    await mail.close()
  }
}, 1_800_000)

test(`${KILLED_FIRST_STARTS} first starts, killed while they make keys and tables, leave what the next start goes on from`, async () => {
  const startMs = await timeOfFirstStart()
  for (let round = 0; round < KILLED_FIRST_STARTS; round++) {
    const database = await freshDatabase()
    const env = { ...database.env, ...QUIET }
    for (let kill = 0; kill <= round % 2; kill++) {
      const killed = startServer(env, await quietPort())
      await Promise.race([delay(random() * startMs), killed.ready])
      killed.kill('SIGKILL')
      await killed.ended
    }
    const server = await startedServer(env)
    const inspector = openInspector(env)
    await signInAt(server, 'first@example.com')
    await expectWhole(inspector)
    await inspector.close()
    expect(await server.stop()).toMatchObject({ code: 0, output: GREETING })
    await database.drop()
  }
}, 600_000)

/** A server that has nothing to complain of says where it is, and no more. */
const GREETING = expect.stringMatching(/^\s*Latchkey is listening on \S+\n\n( {2}\S.*\n)+\s*$/) as string // matches strings
// A mail that is caught by many kills, on a slow machine, must not be too old in the end.
const QUIET = { LOG_LEVEL: 'warn', RATE_LIMIT_SCALE: '100000', LINK_MINUTES: '60' }

async function useUntilKilled(server: ServerProcess, people: readonly Person[], mail: MailServer): Promise<void> {
  const life = beginLife({ mail, random })
  const lives = Promise.all(people.map((person) => live(person, life)))
  lives.catch(() => {}) // a fault is told below, when the server has ended
  await momentToKill(life)
  server.kill('SIGKILL')
  life.end()
  expect(await server.ended).toEqual({ code: null, signal: 'SIGKILL', output: GREETING })
  await lives
}

/** Half of the kills come at a time, also the earliest; half in the middle of work, however slow the machine is. */
async function momentToKill(life: Life): Promise<void> {
  if (random() < 0.5) return delay(random() * LONGEST_LIFE_MS)
  await Promise.race([life.deeds(Math.ceil(random() * MOST_DEEDS)), delay(LONGEST_WAIT_MS)])
  await delay(random() * 10)
}

async function expectWhole(inspector: Inspector): Promise<Tables> {
  const tables = await inspector.tables()
  expect(findHalfMade(tables)).toEqual([])
  expect(await inspector.damage()).toEqual([])
  return tables
}

async function expectAllRemembered(person: Person): Promise<void> {
  await settle(person)
  const [desk] = person.desks
  for (const cookie of person.deadCookies) expect(await isAlive(person, desk, cookie)).toBe(false)
  for (const token of person.usedTokens) await redeemAgain(desk, token)
}

/** Mails that a dead process had taken would be sent after a minute and a half; that time is made to pass here. */
async function sendTheRest(inspector: Inspector, mail: MailServer): Promise<void> {
  await inspector.endLeases()
  while ((await inspector.waitingMails()) > 0) await Promise.race([mail.next(), delay(100)])
}

function expectAsRemembered(
  { users, links, records, audit, alerts }: Tables,
  people: readonly Person[],
  mail: MailServer,
): void {
  // Each alert was mailed, and no mail tells of an alert that is not there.
  const mailed = [...mail.notMeTokens()].map(hashToken)
  expect(mailed.sort()).toEqual(alerts.map((alert) => alert.not_me_hash).sort())
  for (const { email, asked, askedAndAnswered, usedTokens, records: remembered, done } of people) {
    const userId = users.find((user) => user.email === email)?.id ?? null
    const own = audit.filter((row) => row.user_id === userId)
    const count = (action: string) => [...timesOf(own, action).values()].reduce((sum, times) => sum + times, 0)
    const counted = {
      created: count('record.created'),
      updated: count('record.updated'),
      deleted: count('record.deleted'),
      signedIn: count('login.succeeded'),
      ended: count('session.deleted'),
    }
    expect(counted).toEqual(done)
    expect(new Map(records.filter((row) => row.user_id === userId).map(({ id, revision }) => [id, revision]))).toEqual(
      remembered,
    )
    const sent = links.filter((link) => link.email === email)
    expect(sent.length).toBeGreaterThanOrEqual(askedAndAnswered)
    expect(sent.length).toBeLessThanOrEqual(asked)
    expect(mail.tokens(email).size).toBe(sent.length) // each link came by mail, and no mail without one
    expect(sent.filter(({ consumed_at }) => consumed_at !== null)).toHaveLength(usedTokens.size)
  }
}

async function timeOfFirstStart(): Promise<number> {
  const database = await freshDatabase()
  const start = performance.now()
  const server = await startedServer({ ...database.env, ...QUIET })
  const time = performance.now() - start
  await server.stop()
  await database.drop()
  return time
}

function sumOver(people: readonly Person[], pick: (person: Person) => number): number {
  return people.reduce((total, person) => total + pick(person), 0)
}

const changesOf = ({ done }: Person) => Object.values(done).reduce((total, times) => total + times, 0)

function summary(people: readonly Person[], mail: MailServer, early: number): string {
  const sum = (pick: (person: Person) => number) => sumOver(people, pick)
  const links = sum(({ email }) => mail.tokens(email).size)
  return [
    `KILL_SEED=${seed}, ${KILLS} kills on ${provider}.`,
    `${sum(changesOf)} changes, ${sum((person) => person.done.signedIn)} of them sign-ins;`,
    `${sum((person) => person.found.done)} were found done and ${sum((person) => person.found.undone)} undone that no answer had told of.`,
    `${links} links asked for, ${sum(({ asked, askedAndAnswered }) => asked - askedAndAnswered)} without an answer;`,
    `${mail.received() - links} mails came twice, ${mail.received() - early} at the end.`,
  ].join(' ')
}

/** mulberry32: small, and good enough for choosing. */
function seededRandom(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
