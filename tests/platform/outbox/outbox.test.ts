import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { openKeyring, type Keyring } from '../../../src/platform/crypto/keyring.ts'
import { openDatabase, type Database } from '../../../src/platform/db/client.ts'
import { migrate } from '../../../src/platform/db/migrate.ts'
import { silentLog, type Log, type LogFields } from '../../../src/platform/log.ts'
import { mailChannel } from '../../../src/platform/mail/mail-channel.ts'
import { MailRefusedError, type Mail, type Mailer } from '../../../src/platform/mail/mailer.ts'
import { openOutbox, type EnqueueOptions, type Outbox } from '../../../src/platform/outbox/outbox.ts'
import type { MessageOutcome } from '../../../src/platform/metrics.ts'
import { freshDatabase, providers } from '../db/fresh-database.ts'
import { mailTo } from '../mail/a-mail.ts'

const START = new Date('2026-03-12T12:00:00Z')
const TEN_MINUTES = 600_000

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const makeKeys = (...ids: string[]) => openKeyring(ids.map((id) => ({ id, bytes: randomBytes(32) })))

/** A mailer that keeps what it gets; `answer` may wait or throw first. */
function recordingMailer(answer: (mail: Mail) => unknown = () => {}) {
  const sent: { to: string; id: string }[] = []
  const mailer: Mailer = {
    name: 'recording',
    async send(mail, id) {
      await answer(mail)
      sent.push({ to: mail.to, id })
    },
    close: async () => {},
  }
  return { mailer, sent }
}

function recordingLog() {
  const lines: { event: string; fields: LogFields }[] = []
  const write = (event: string, fields: LogFields = {}) => void lines.push({ event, fields })
  const log: Log = { ...silentLog, debug: write, info: write, warn: write, error: write }
  return { log, lines, events: () => lines.map(({ event }) => event) }
}

describe.each(providers)('on %s', (provider) => {
  async function open() {
    const fresh = await freshDatabase(provider)
    closing.push(fresh.drop)
    await migrate(fresh.config, silentLog)
    const database = await openDatabase(fresh.config, silentLog)
    closing.push(() => database.close())
    return { database, config: fresh.config }
  }

  type Setting = { mailer?: Mailer; database?: Database; keys?: Keyring }

  /** An outbox on a database of its own, at a clock that the test sets. */
  async function setUp({ mailer = recordingMailer().mailer, database, keys = makeKeys('a') }: Setting = {}) {
    const opened = database ?? (await open()).database
    const clock = { time: START }
    const { log, lines, events } = recordingLog()
    const outcomes: MessageOutcome[] = []
    const message = (_channel: string, outcome: MessageOutcome) => void outcomes.push(outcome)
    const metrics = { message, outboxWaiting: () => {} }
    const outbox = openOutbox({
      database: opened,
      mail: mailChannel(mailer),
      keys,
      log,
      now: () => clock.time,
      metrics,
    })
    closing.push(() => outbox.stop())
    const db = opened.systemDb
    return {
      outbox,
      database: opened,
      lines,
      events,
      outcomes,
      rows: () => db.outboxMessage.findMany(),
      advance: (ms: number) => (clock.time = new Date(clock.time.getTime() + ms)),
      enqueue: (to: string, options: Partial<EnqueueOptions> = {}) =>
        db.$transaction((tx) =>
          outbox.enqueue(tx, mailTo(to), { expiresAt: new Date(START.getTime() + TEN_MINUTES), ...options }),
        ),
    }
  }

  test('a mail is sent, and its row removed', async () => {
    const { mailer, sent } = recordingMailer()
    const { outbox, enqueue, rows, events, outcomes } = await setUp({ mailer })
    await enqueue('ada@example.com')
    const [row] = await rows()
    await outbox.sendDue()
    expect(sent).toEqual([{ to: 'ada@example.com', id: row?.id }])
    expect(await rows()).toEqual([])
    expect(events()).toEqual(['mail.sent'])
    expect(outcomes).toEqual(['sent'])
  })

  test('a mail of a transaction that is rolled back is never sent', async () => {
    const { mailer, sent } = recordingMailer()
    const { outbox, database, rows } = await setUp({ mailer })
    const failing = database.systemDb.$transaction(async (tx) => {
      await outbox.enqueue(tx, mailTo('ada@example.com'), { expiresAt: new Date(START.getTime() + TEN_MINUTES) })
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow()
    await outbox.sendDue()
    expect(await rows()).toEqual([])
    expect(sent).toEqual([])
  })

  test('the row tells nothing of the mail: it is sealed', async () => {
    const { enqueue, rows } = await setUp()
    await enqueue('ada@example.com')
    const text = JSON.stringify(await rows())
    for (const secret of ['ada', 'example.com', 'verify#', '123 456', 'Sign in']) expect(text).not.toContain(secret)
  })

  test('many mails, more than are sent at once, are all sent, each once', async () => {
    const { mailer, sent } = recordingMailer()
    const { outbox, enqueue, rows } = await setUp({ mailer })
    const all = Array.from({ length: 30 }, (_, i) => `${i}@example.com`)
    for (const to of all) await enqueue(to)
    await outbox.sendDue()
    expect(sent.map(({ to }) => to).sort()).toEqual(all.sort())
    expect(await rows()).toEqual([])
  })

  test('four processes that look at once send each mail once', async () => {
    const { database, config } = await open()
    const keys = makeKeys('a')
    const { mailer, sent } = recordingMailer()
    const first = await setUp({ database, keys, mailer })
    const others = await Promise.all(
      [1, 2, 3].map(async () => {
        const own = await openDatabase(config, silentLog)
        closing.push(() => own.close())
        return setUp({ database: own, keys, mailer })
      }),
    )
    const all = Array.from({ length: 40 }, (_, i) => `${i}@example.com`)
    for (const to of all) await first.enqueue(to)
    await Promise.all([first, ...others].map(({ outbox }) => outbox.sendDue()))
    expect(sent.map(({ to }) => to).sort()).toEqual(all.sort())
    expect(await first.rows()).toEqual([])
  })

  test('a mail that hangs holds up no other', async () => {
    let release = () => {}
    const hanging = new Promise<void>((resolve) => (release = resolve))
    let tellAll = () => {}
    const allOthers = new Promise<void>((resolve) => (tellAll = resolve))
    const { mailer, sent } = recordingMailer(({ to }) => (to === 'slow@example.com' ? hanging : undefined))
    const watched: Mailer = {
      ...mailer,
      async send(mail, id) {
        await mailer.send(mail, id)
        if (sent.length === 20) tellAll()
      },
    }
    const { outbox, enqueue } = await setUp({ mailer: watched })
    await enqueue('slow@example.com')
    for (let i = 0; i < 20; i++) await enqueue(`${i}@example.com`)
    const done = outbox.sendDue()
    await allOthers
    expect(sent.map(({ to }) => to)).not.toContain('slow@example.com')
    release()
    await done
    expect(sent).toHaveLength(21)
  })

  test('a failure is tried again later, at growing distances, under the same id', async () => {
    let failures = 2
    const ids: string[] = []
    const mailer: Mailer = {
      name: 'failing',
      async send(_, id) {
        ids.push(id)
        if (failures-- > 0) throw new Error('away')
      },
      close: async () => {},
    }
    const { outbox, enqueue, rows, advance, events } = await setUp({ mailer })
    await enqueue('ada@example.com')
    await outbox.sendDue()
    const [first] = await rows()
    const waits = [first?.availableAt.getTime() ?? 0]
    await outbox.sendDue()
    expect(ids).toHaveLength(1) // not yet
    advance(2_500)
    await outbox.sendDue()
    const [second] = await rows()
    waits.push(second?.availableAt.getTime() ?? 0)
    expect(waits[0]).toBeGreaterThanOrEqual(START.getTime() + 1_500)
    expect(waits[0]).toBeLessThanOrEqual(START.getTime() + 2_500)
    expect(waits[1]).toBeGreaterThanOrEqual(START.getTime() + 2_500 + 7_500)
    advance(12_500)
    await outbox.sendDue()
    expect(events()).toEqual(['mail.not-sent-yet', 'mail.not-sent-yet', 'mail.sent'])
    expect(new Set(ids).size).toBe(1)
    expect(await rows()).toEqual([])
  })

  test('an expired mail is dropped and never sent late', async () => {
    const { mailer, sent } = recordingMailer()
    const { outbox, enqueue, rows, advance, events } = await setUp({ mailer })
    await enqueue('ada@example.com')
    advance(TEN_MINUTES)
    await outbox.sendDue()
    expect(sent).toEqual([])
    expect(await rows()).toEqual([])
    expect(events()).toEqual(['mail.expired'])
  })

  test('a mail whose next try would come after it expires is looked at when it expires', async () => {
    const { mailer } = recordingMailer(() => {
      throw new Error('away')
    })
    const { outbox, enqueue, rows, advance } = await setUp({ mailer })
    const expiresAt = new Date(START.getTime() + 1_000)
    await enqueue('ada@example.com', { expiresAt })
    await outbox.sendDue()
    expect((await rows())[0]?.availableAt).toEqual(expiresAt)
    advance(1_000)
    await outbox.sendDue()
    expect(await rows()).toEqual([])
  })

  test('a mail that the provider refuses for good is dropped, and logged without address and content', async () => {
    const { mailer } = recordingMailer(() => {
      throw new MailRefusedError(
        '550 no such user <ada@example.com>, ada, in https://notes.example/#AbCdEfGh code 123 456',
      )
    })
    const { outbox, enqueue, rows, lines } = await setUp({ mailer })
    await enqueue('ada@example.com')
    const [row] = await rows()
    await outbox.sendDue()
    expect(await rows()).toEqual([])
    expect(lines).toMatchObject([{ event: 'mail.refused', fields: { id: row?.id, to: '***@example.com' } }])
    const text = JSON.stringify(lines).replaceAll(row?.id ?? '', '') // hexadecimal digits may write her name
    expect(text).toContain('550 no such user')
    for (const secret of ['ada', 'AbCdEfGh', '123 456']) expect(text).not.toContain(secret)
  })

  test('a suppressed mail goes the same way and is not sent', async () => {
    const { mailer, sent } = recordingMailer()
    const { outbox, enqueue, rows, database, outcomes } = await setUp({ mailer })
    const statementsOf = async (suppressed: boolean) => {
      const statements: string[] = []
      await enqueue('ada@example.com', { suppressed })
      const stopListening = database.onStatement((text) => statements.push(text))
      await outbox.sendDue()
      stopListening()
      return statements
    }
    expect(await statementsOf(true)).toEqual(await statementsOf(false))
    expect(sent).toHaveLength(1)
    expect(outcomes).toEqual(['suppressed', 'sent'])
    expect(await rows()).toEqual([])
  })

  test('a mail sealed under a lost key holds up no other, waits for its key, and goes when it expires', async () => {
    const { database } = await open()
    const { mailer, sent } = recordingMailer()
    const lost = await setUp({ database, keys: makeKeys('lost') })
    await lost.enqueue('ada@example.com')
    const { outbox, enqueue, rows, advance, events } = await setUp({ database, mailer, keys: makeKeys('new') })
    await enqueue('bob@example.com')
    await outbox.sendDue()
    expect(sent.map(({ to }) => to)).toEqual(['bob@example.com'])
    expect(events().sort()).toEqual(['mail.not-sent-yet', 'mail.sent'])
    await outbox.sendDue()
    expect(events()).toHaveLength(2) // it waits like any failure
    advance(TEN_MINUTES)
    await outbox.sendDue()
    expect(events().at(-1)).toBe('mail.expired')
    expect(await rows()).toEqual([])
  })

  test('a mail moved to another row does not open', async () => {
    const { mailer, sent } = recordingMailer()
    const { outbox, enqueue, database, events } = await setUp({ mailer })
    await enqueue('ada@example.com')
    await database.systemDb.outboxMessage.updateMany({ data: { id: '019cdfd0-1200-7000-8000-000000000001' } })
    await outbox.sendDue()
    expect(sent).toEqual([])
    expect(events()).toEqual(['mail.not-sent-yet'])
  })

  test('the mail of a process that died while it sent is sent by another, once the lease has run out', async () => {
    const { database } = await open()
    const keys = makeKeys('a')
    let tellTaken = () => {}
    const taken = new Promise<void>((resolve) => (tellTaken = resolve))
    let die = (_: Error) => {}
    const { mailer: dying } = recordingMailer(() => {
      tellTaken()
      return new Promise((_, reject) => (die = reject))
    })
    const dead = await setUp({ database, keys, mailer: dying })
    await dead.enqueue('ada@example.com')
    dead.outbox.wake()
    await taken

    const { mailer, sent } = recordingMailer()
    const alive = await setUp({ database, keys, mailer })
    await alive.outbox.sendDue()
    expect(sent).toEqual([])
    alive.advance(90_000)
    await alive.outbox.sendDue()
    expect(sent).toHaveLength(1)
    expect(await alive.rows()).toEqual([])
    die(new Error('gone'))
  })

  test('one whose lease ran out does not put off the mail that another has taken since', async () => {
    const { database } = await open()
    const keys = makeKeys('a')
    let fail = (_: Error) => {}
    let tellTaken = () => {}
    const taken = new Promise<void>((resolve) => (tellTaken = resolve))
    const { mailer: slow } = recordingMailer(() => {
      tellTaken()
      return new Promise((_, reject) => (fail = reject))
    })
    const late = await setUp({ database, keys, mailer: slow })
    await late.enqueue('ada@example.com')
    const done = late.outbox.sendDue()
    await taken
    const { mailer: failing } = recordingMailer(() => {
      throw new Error('away')
    })
    const other = await setUp({ database, keys, mailer: failing })
    other.advance(90_000)
    await other.outbox.sendDue()
    const [before] = await other.rows()
    fail(new Error('too late'))
    await done
    expect(await other.rows()).toEqual([before])
  })

  test('a look costs one statement while nothing is due', async () => {
    const { outbox, enqueue, advance, database } = await setUp()
    await enqueue('ada@example.com')
    advance(-1)
    const statements: string[] = []
    const stopListening = database.onStatement((text) => statements.push(text))
    await outbox.sendDue()
    stopListening()
    expect(statements).toHaveLength(1)
    expect(statements[0]).toMatch(/available_at.*ORDER BY.*available_at.*LIMIT/s)
  })

  test('a mail costs three statements: it is looked for, taken and removed', async () => {
    const { outbox, enqueue, database } = await setUp()
    await enqueue('ada@example.com')
    const statements: string[] = []
    const stopListening = database.onStatement((text) => statements.push(text))
    await outbox.sendDue()
    stopListening()
    expect(statements.map((text) => text.slice(0, 6))).toEqual(['SELECT', 'UPDATE', 'DELETE'])
  })

  test('health tells how many mails wait, and for how long the oldest has', async () => {
    const { outbox, enqueue, advance } = await setUp()
    expect(await outbox.health()).toEqual({ waiting: 0, oldestMs: 0 })
    await enqueue('ada@example.com')
    advance(5_000)
    await enqueue('bob@example.com')
    expect(await outbox.health()).toEqual({ waiting: 2, oldestMs: 5_000 })
  })

  test('stop waits for the mails under way, and takes no more', async () => {
    let release = () => {}
    const hanging = new Promise<void>((resolve) => (release = resolve))
    let tellTaken = () => {}
    const taken = new Promise<void>((resolve) => (tellTaken = resolve))
    const { mailer, sent } = recordingMailer(() => {
      tellTaken()
      return hanging
    })
    const { outbox, enqueue, rows } = await setUp({ mailer })
    await enqueue('ada@example.com')
    outbox.wake()
    await taken
    await enqueue('bob@example.com')
    const stopped = outbox.stop()
    outbox.wake()
    release()
    await stopped
    expect(sent.map(({ to }) => to)).toEqual(['ada@example.com'])
    expect(await rows()).toHaveLength(1)
  })

  test('a database that is away is logged, and the outbox goes on when it is back', async () => {
    const { mailer, sent } = recordingMailer()
    const { database } = await open()
    let away = true
    const { outboxMessage } = database.systemDb
    const flaky = new Proxy(outboxMessage, {
      get: (target, key) =>
        away && key === 'findMany' ? () => Promise.reject(new Error('away')) : Reflect.get(target, key),
    })
    const { outbox, enqueue, events } = await setUp({
      mailer,
      database: { ...database, systemDb: withOutboxMail(database, flaky) },
    })
    await enqueue('ada@example.com')
    await outbox.sendDue()
    expect(events()).toEqual(['outbox.unreachable'])
    away = false
    await outbox.sendDue()
    expect(sent).toHaveLength(1)
  })
})

function withOutboxMail(
  { systemDb }: Database,
  outboxMessage: Database['systemDb']['outboxMessage'],
): Database['systemDb'] {
  return new Proxy(systemDb, {
    get: (target, key): unknown => (key === 'outboxMessage' ? outboxMessage : Reflect.get(target, key)),
  })
}

test('an outbox can be stopped before it was started, and twice', async () => {
  const never = new Proxy({}, { get: () => ({}) }) as Database['systemDb'] // nothing is asked of it
  const outbox: Outbox = openOutbox({
    database: { systemDb: never },
    mail: mailChannel(recordingMailer().mailer),
    keys: makeKeys('a'),
    log: silentLog,
    now: () => START,
  })
  await outbox.stop()
  await outbox.stop()
})
