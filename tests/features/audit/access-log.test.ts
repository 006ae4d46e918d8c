import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp } from '../../support/app.ts'
import type { TestApp } from '../../support/app.ts'
import { askForLink, newAddress, REQUEST, signIn, VERIFY, VERIFY_CODE } from '../../support/people.ts'
import type { Person } from '../../support/people.ts'
import { create, list, made, newId, page, read, remove, rowId, update } from '../records/support.ts'
import { linesOf } from './support.ts'
import type { Line } from './support.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.close())

/** What every line of a person's own doing says. */
const doneBy = ({ userId, sessionId, browser }: Person) => ({
  userId: rowId(userId),
  sessionId: rowId(sessionId),
  success: true,
  ipAddress: '127.0.0.1',
  userAgent: browser.userAgent,
  deviceName: 'Chrome on macOS',
})
const inShort = (lines: readonly Line[]) =>
  lines.map(({ action, tableName, recordId, details }) => ({ action, tableName, recordId, details }))

describe('each access to records leaves a line before its answer is there', () => {
  test('a creation, a change and a deletion, with the record that was written', async () => {
    const person = await signIn(app)
    const id = newId()
    const writes = [
      () => create(person.browser, { id, title: 'in confidence', secret: 'in confidence' }),
      () => update(person.browser, { id, revision: 1, title: 'in confidence' }),
      () => remove(person.browser, { id }),
    ]
    const lines: Line[] = []
    for (const write of writes) lines.push(...(await linesOf(app, write)))

    const about = { tableName: 'records', recordId: rowId(id), details: null }
    expect(inShort(lines)).toEqual(
      ['record.created', 'record.updated', 'record.deleted'].map((action) => ({ action, ...about })),
    )
    for (const line of lines) expect(line).toMatchObject(doneBy(person))
    expect(JSON.stringify(lines)).not.toContain('in confidence')
  })

  test('a read by id, by record and by node', async () => {
    const person = await signIn(app)
    const { id } = await made(person.browser)
    const line = { action: 'record.read', tableName: 'records', recordId: rowId(id), details: null }
    const byRecord = await linesOf(app, () => read(person.browser, id))
    const byNode = await linesOf(app, () => person.browser.graphql('query ($id: ID!) { node(id: $id) { id } }', { id }))

    expect([inShort(byRecord), inShort(byNode)]).toEqual([[line], [line]])
    expect(byRecord[0]).toMatchObject(doneBy(person))
  })

  test('a read that finds nothing, with no id of another person in it', async () => {
    const [owner, stranger] = [await signIn(app), await signIn(app)]
    const { id } = await made(owner.browser)
    const lines = await linesOf(app, () => read(stranger.browser, id))

    expect(inShort(lines)).toEqual([
      { action: 'record.read', tableName: 'records', recordId: null, details: { count: 0, ids: [] } },
    ])
    expect(lines[0]).toMatchObject(doneBy(stranger))
  })

  test('a page is one line, with its ids, and with its totalCount where that was asked for', async () => {
    const person = await signIn(app)
    const ids = []
    for (let made_ = 0; made_ < 4; made_++) ids.unshift(rowId((await made(person.browser)).id))
    const counted = await linesOf(app, () => list(person.browser, { first: 3 }))
    const uncounted = await linesOf(app, () =>
      person.browser.graphql('{ records(first: 3) { edges { node { title } } } }'),
    )

    const named = ids.slice(0, 4) // the page is read one further, to know whether another follows
    expect(inShort(counted)).toEqual([
      { action: 'record.read', tableName: 'records', recordId: null, details: { count: 4, ids: named } },
    ])
    expect(inShort(uncounted)).toEqual(inShort(counted))
  })

  test('many things by their ids are one line for each table', async () => {
    const person = await signIn(app)
    const ids = [(await made(person.browser)).id, (await made(person.browser)).id]
    const query = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }'
    const lines = await linesOf(app, () =>
      person.browser.graphql(query, { ids: [...ids, person.sessionId, person.userId] }),
    )

    expect(inShort(lines).sort((a, b) => a.action.localeCompare(b.action))).toEqual([
      { action: 'record.read', tableName: 'records', recordId: null, details: { count: 2, ids: ids.map(rowId) } },
      { action: 'session.read', tableName: 'sessions', recordId: rowId(person.sessionId), details: null },
    ])
  })

  test('a hundred ids are named at the most; the count says how many there were', async () => {
    const person = await signIn(app)
    const now = new Date()
    const rows = Array.from({ length: 130 }, () => ({
      id: rowId(newId()),
      userId: rowId(person.userId),
      collection: 'notes',
      createdAt: now,
      updatedAt: now,
    }))
    await app.services.database.systemDb.record.createMany({ data: rows })
    const [line] = await linesOf(app, () => list(person.browser, { first: 100 }))

    expect(line?.details).toMatchObject({ count: 130 })
    expect(line?.details?.['ids']).toHaveLength(100)
  })

  test('a write that is refused leaves no line of a write', async () => {
    const person = await signIn(app)
    const { id } = await made(person.browser)
    const attempts = [
      () => create(person.browser, { title: 'x\n' }),
      () => create(person.browser, { id }),
      () => update(person.browser, { id, revision: 7 }),
      () => remove(person.browser, { id, revision: 7 }),
      () => remove(person.browser, { id: newId() }),
    ]
    for (const attempt of attempts) {
      const lines = await linesOf(app, attempt)
      expect(lines.filter(({ action }) => action !== 'record.read')).toEqual([])
    }
  })

  test('several operations of one request leave a line for each write, and one for their reads', async () => {
    const person = await signIn(app)
    const { id } = await made(person.browser)
    const lines = await linesOf(app, () =>
      person.browser.graphql(
        `mutation ($id: ID!) {
          a: createRecord(input: { collection: "a" }) { id }
          b: createRecord(input: { collection: "b" }) { id }
          c: updateRecord(input: { id: $id, revision: 1, title: "c" }) { id }
        }`,
        { id },
      ),
    )
    expect(lines.map(({ action }) => action).sort()).toEqual(['record.created', 'record.created', 'record.updated'])
  })

  test("what is only the viewer's own is read without a line: me and session", async () => {
    const { browser } = await signIn(app)
    expect(await linesOf(app, () => browser.graphql('{ me { id email } session { id level } }'))).toEqual([])
  })
})

describe('sessions and sign-ins leave their lines', () => {
  test('a sign-in: the request, the account, the session', async () => {
    const email = newAddress()
    let person: Person | undefined
    const lines = await linesOf(app, async () => {
      person = await signIn(app, email)
    })
    const [userId, sessionId] = [rowId(person?.userId ?? ''), rowId(person?.sessionId ?? '')]
    const link = await app.services.database.systemDb.magicLink.findFirstOrThrow({ where: { email } })

    expect(inShort(lines)).toEqual([
      { action: 'login.link-requested', tableName: 'magic_links', recordId: link.id, details: null },
      { action: 'account.created', tableName: 'users', recordId: userId, details: null },
      { action: 'login.succeeded', tableName: 'sessions', recordId: sessionId, details: { method: 'MAGIC_LINK' } },
    ])
    expect(lines.map((line) => [line.userId, line.sessionId])).toEqual([
      [null, null],
      [userId, sessionId],
      [userId, sessionId],
    ])
    expect(JSON.stringify(lines)).not.toContain(email)
  })

  test('the list, an end, all ends, a logout', async () => {
    const person = await signIn(app)
    const [second, third] = [await signIn(app, person.email), await signIn(app, person.email)]
    const about = { tableName: 'sessions', details: null }

    const listed = await linesOf(app, () => person.browser.graphql('{ sessions { id } }'))
    expect(inShort(listed)).toMatchObject([
      { action: 'session.read', tableName: 'sessions', recordId: null, details: { count: 3 } },
    ])

    const revoke = 'mutation ($id: ID!) { revokeSession(id: $id) { id } }'
    const ended = await linesOf(app, () => person.browser.graphql(revoke, { id: second.sessionId }))
    expect(inShort(ended)).toEqual([{ action: 'session.deleted', recordId: rowId(second.sessionId), ...about }])
    expect(ended[0]).toMatchObject(doneBy(person))

    const others = await linesOf(app, () => person.browser.graphql('mutation { revokeOtherSessions { id } }'))
    const deleted = others.filter(({ action }) => action === 'session.deleted')
    expect(inShort(deleted)).toEqual([{ action: 'session.deleted', recordId: rowId(third.sessionId), ...about }])

    const out = await linesOf(app, () => person.browser.graphql('mutation { logout }'))
    expect(inShort(out)).toEqual([{ action: 'session.deleted', recordId: rowId(person.sessionId), ...about }])
  })

  test('reading the log is told in the log', async () => {
    const { browser } = await signIn(app)
    const lines = await linesOf(app, () => browser.graphql('{ securityAudit { edges { node { action } } } }'))

    expect(inShort(lines)).toMatchObject([{ action: 'audit.read', tableName: 'audit_entries', details: { count: 2 } }])
  })
})

describe("a failed sign-in stands in the account's own log, with its reason", () => {
  const failures = (lines: readonly Line[], userId: string | null) => {
    return lines.map((line) => {
      expect(line).toMatchObject({
        action: 'login.failed',
        success: false,
        userId,
        ipAddress: '127.0.0.1',
        deviceName: 'Chrome on macOS',
      })
      return line.details
    })
  }

  test('a link that is used, and one that is too old', async () => {
    const person = await signIn(app)
    const browser = app.browser()
    const used = await askForLink(app, browser, person.email)
    await browser.graphql(VERIFY, { token: used.token })
    const lines = await linesOf(app, () => app.browser().graphql(VERIFY, { token: used.token }))
    expect(failures(lines, rowId(person.userId))).toEqual([{ method: 'MAGIC_LINK', reason: 'used' }])

    const old = await askForLink(app, browser, person.email)
    await app.services.database.systemDb.magicLink.updateMany({ data: { expiresAt: new Date(0) } })
    const expired = await linesOf(app, () => browser.graphql(VERIFY, { token: old.token }))
    expect(failures(expired, rowId(person.userId))).toEqual([{ method: 'MAGIC_LINK', reason: 'expired' }])
  })

  test('a wrong code, a malformed one, and one tried too often', async () => {
    const person = await signIn(app)
    const browser = app.browser()
    const { code } = await askForLink(app, browser, person.email)
    const wrong = code === '000000' ? '000001' : '000000'
    const lines = await linesOf(app, async () => {
      for (const tried of ['abc', wrong, wrong, wrong, wrong, wrong, code])
        await browser.graphql(VERIFY_CODE, { code: tried })
    })
    const reasons = ['malformed', 'wrong', 'wrong', 'wrong', 'wrong', 'wrong', 'too-many-tries']
    expect(failures(lines, rowId(person.userId))).toEqual(reasons.map((reason) => ({ method: 'MAGIC_LINK', reason })))
    expect(JSON.stringify(lines)).not.toContain(code)
  })

  test("what names no account stands in nobody's", async () => {
    const lines = await linesOf(app, async () => {
      await app.browser().graphql(VERIFY, { token: 'x' })
      await app.browser().graphql(VERIFY, { token: 'x'.repeat(43) })
      await app.browser().graphql(VERIFY_CODE, { code: '123456' })
    })
    const reasons = ['malformed', 'unknown', 'not-asked-here']
    expect(failures(lines, null)).toEqual(reasons.map((reason) => ({ method: 'MAGIC_LINK', reason })))
    expect(JSON.stringify(lines)).not.toContain('xxxxxxx')
  })

  test('a request for a link, and a link opened in another browser, by whoever it was', async () => {
    const person = await signIn(app)
    const stranger = app.browser('curl/8.0')
    const requested = await linesOf(app, () => stranger.graphql(REQUEST, { email: person.email }))
    expect(requested).toMatchObject([
      { action: 'login.link-requested', userId: rowId(person.userId), sessionId: null, deviceName: 'curl' },
    ])

    const { token } = await askForLink(app, stranger, person.email)
    const opened = await linesOf(app, () => app.browser().graphql(VERIFY, { token }))
    expect(opened).toMatchObject([
      { action: 'login.confirmation-asked', userId: rowId(person.userId), sessionId: null },
    ])
  })
})

describe('a log that cannot be written', () => {
  const away = () => Promise.reject(new Error('the log is away'))

  test('a read whose line cannot be written answers no data', async () => {
    const person = await signIn(app)
    const { id } = await made(person.browser, { title: 'in confidence', secret: 'in confidence' })
    const { audit, database } = app.services
    const real = { commit: audit.commit, insertRows: database.insertRows }
    const breaks = [
      {
        broken: () => Object.assign(audit, { commit: away }),
        mended: () => Object.assign(audit, { commit: real.commit }),
      },
      {
        broken: () => Object.assign(database, { insertRows: away }),
        mended: () => Object.assign(database, { insertRows: real.insertRows }),
      },
    ]
    for (const { broken, mended } of breaks) {
      broken()
      const answers = [
        await read(person.browser, id),
        await list(person.browser),
        await person.browser.graphql('query ($id: ID!) { node(id: $id) { ... on Record { title } } }', { id }),
        await person.browser.graphql('{ sessions { id } }'),
        await person.browser.graphql('{ securityAudit { edges { node { id } } } }'),
      ]
      mended()
      for (const { data, code, errors } of answers) {
        expect([data, code]).toEqual([null, 'INTERNAL'])
        expect(JSON.stringify(errors)).not.toMatch(/in confidence|the log is away/)
      }
    }
    expect((await read(person.browser, id)).data?.record?.title).toBe('in confidence')
  })

  test('a write whose line cannot be written is not done', async () => {
    const person = await signIn(app)
    const second = await signIn(app, person.email)
    const record = await made(person.browser, { title: 'before' })
    const { audit } = app.services
    const row = audit.row
    // A line without an action: the table refuses it, in the transaction of what it tells of.
    audit.row = (...args) => ({ ...row(...args), action: null as unknown as string }) // wrong on purpose
    const { id } = record
    const answers = [
      await create(person.browser, { title: 'new' }),
      await update(person.browser, { id, revision: 1, title: 'after' }),
      await remove(person.browser, { id }),
      await person.browser.graphql('mutation ($id: ID!) { revokeSession(id: $id) { id } }', { id: second.sessionId }),
      await person.browser.graphql('mutation { revokeOtherSessions { id } }'),
      await person.browser.graphql('mutation { logout }'),
    ]
    audit.row = row

    for (const { code, data } of answers) expect([code, data]).toEqual(['INTERNAL', null])
    expect((await read(person.browser, id)).data?.record).toEqual(record)
    expect((await page(person.browser)).totalCount).toBe(1)
    expect((await second.browser.graphql('{ me { id } }')).data).toMatchObject({ me: { id: person.userId } })
    const usage = await app.services.database.systemDb.recordUsage.findUniqueOrThrow({
      where: { userId: rowId(person.userId) },
    })
    expect(usage.count).toBe(1)
  })

  test('a sign-in whose line cannot be written is none, and its link stays good', async () => {
    const [browser, email] = [app.browser(), newAddress()]
    const { token } = await askForLink(app, browser, email)
    const { audit } = app.services
    const row = audit.row
    audit.row = (...args) => ({ ...row(...args), action: null as unknown as string }) // wrong on purpose
    const refused = await browser.graphql(VERIFY, { token })
    audit.row = row

    expect([refused.code, browser.cookies.has('latchkey-session')]).toEqual(['INTERNAL', false])
    expect(await app.services.database.systemDb.user.count({ where: { email } })).toBe(0)
    expect((await browser.graphql(VERIFY, { token })).data).toMatchObject({
      verifyMagicLink: { __typename: 'SignedIn' },
    })
  })
})

describe('commits in groups', () => {
  test('fifty reads at once are two commits, and each leaves its line', async () => {
    const person = await signIn(app)
    const { id } = await made(person.browser)
    const { audit, database } = app.services
    const real = { commit: audit.commit, insertRows: database.insertRows }
    let [waiting, commits] = [0, 0]
    let allWait = () => {}
    const barrier = new Promise<void>((resolve) => {
      allWait = resolve
    })
    audit.commit = (rows) => {
      waiting += 1
      if (waiting === 50) allWait()
      return real.commit(rows)
    }
    // The first commit takes as long as the others need to come.
    database.insertRows = async (...args) => {
      commits += 1
      await barrier
      await real.insertRows(...args)
    }
    const lines = await linesOf(app, () => Promise.all(Array.from({ length: 50 }, () => read(person.browser, id))))
    Object.assign(audit, { commit: real.commit })
    Object.assign(database, { insertRows: real.insertRows })

    expect(lines.filter(({ action }) => action === 'record.read')).toHaveLength(50)
    expect(commits).toBeLessThanOrEqual(2)
  })

  test('when one commit fails its readers alone are refused, and the next ones are served', async () => {
    const person = await signIn(app)
    const { id } = await made(person.browser)
    const { database } = app.services
    const insertRows = database.insertRows
    let failing = 1
    database.insertRows = (...args) => (failing-- > 0 ? Promise.reject(new Error('away')) : insertRows(...args))
    const first = await read(person.browser, id)
    const answers = await Promise.all(Array.from({ length: 10 }, () => read(person.browser, id)))
    database.insertRows = insertRows

    expect(first.code).toBe('INTERNAL')
    expect(answers.map(({ code }) => code)).toEqual(Array(10).fill(null))
  })
})
