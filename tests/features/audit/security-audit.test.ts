import { v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp } from '../../support/app.ts'
import type { TestApp } from '../../support/app.ts'
import { signIn } from '../../support/people.ts'
import { made, read, rowId } from '../records/support.ts'
import { actionsIn, AUDIT, auditPage, logOf } from './support.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.close())

describe('securityAudit', () => {
  test("shows the person's own activity, the newest first, with what the table holds", async () => {
    const { browser, userId, sessionId } = await signIn(app)
    const { id } = await made(browser)
    await read(browser, id)
    const { edges } = await auditPage(browser)

    expect(edges.map(({ node }) => node.action)).toEqual([
      'record.read',
      'record.created',
      'login.succeeded',
      'account.created',
    ])
    const [newest] = edges
    const row = (await logOf(app)).find((line) => `audit_${line.id}` === newest?.node.id)
    expect(row).toMatchObject({ userId: rowId(userId), sessionId: rowId(sessionId) })
    expect(newest?.node).toEqual({
      id: `audit_${row?.id}`,
      action: 'record.read',
      tableName: 'records',
      recordId: rowId(id),
      success: true,
      ipAddress: '127.0.0.1',
      userAgent: browser.userAgent,
      deviceName: 'Chrome on macOS',
      details: null,
      timestamp: row?.timestamp.toISOString(),
    })
    expect(edges[2]?.node.details).toEqual({ method: 'MAGIC_LINK' })
  })

  test("shows nothing of another person's, nor what belongs to nobody", async () => {
    const [mine, theirs] = [await signIn(app), await signIn(app)]
    await made(theirs.browser)
    await app.browser().graphql('mutation { verifyMagicLink(input: { token: "x" }) { __typename } }')
    const { edges } = await auditPage(mine.browser, { first: 100 })

    const own = (await logOf(app)).filter(({ userId }) => userId === rowId(mine.userId)).map(({ id }) => `audit_${id}`)
    expect(edges).toHaveLength(2)
    for (const { node } of edges) expect(own).toContain(node.id)
    const foreign = (await logOf(app)).find(({ userId }) => userId === rowId(theirs.userId))
    const query = 'query ($id: ID!) { node(id: $id) { id } }'
    expect((await mine.browser.graphql(query, { id: `audit_${foreign?.id}` })).data).toEqual({ node: null })
  })

  test('an action picks its lines alone', async () => {
    const { browser } = await signIn(app)
    await made(browser)
    await made(browser)

    expect(actionsIn(await auditPage(browser, { action: 'record.created' }))).toEqual([
      'record.created',
      'record.created',
    ])
    expect(actionsIn(await auditPage(browser, { action: 'account.created' }))).toEqual(['account.created'])
    expect(actionsIn(await auditPage(browser, { action: 'no.such-thing' }))).toEqual([])
    expect(actionsIn(await auditPage(browser, { action: 'record' }))).toEqual([])
  })

  test.each([null, '', '%', 'record.%', 'a b', 'record.created\n', "x' OR 1=1 --", 'a.b.c', '\u0000', 'x'.repeat(90)])(
    'the action %j is refused',
    async (action) => {
      const { browser } = await signIn(app)
      const { code, errors } = await browser.graphql(AUDIT, { action })
      expect([code, errors[0]?.extensions['field']]).toEqual(['BAD_INPUT', 'action'])
    },
  )

  test('a star picks the lines of a subject, or of a deed; others are left out, and so is what was done or refused', async () => {
    const { browser } = await signIn(app)
    const { id } = await made(browser)
    await read(browser, id)
    await browser.graphql('mutation ($code: String!) { reauthenticateWithCode(input: { code: $code }) { id } }', {
      code: '000000',
    })
    const picked = async (args: Record<string, unknown>) => actionsIn(await auditPage(browser, args))

    expect(await picked({ actions: ['record.*'] })).toEqual(['record.read', 'record.created'])
    expect(await picked({ actions: ['*.created'] })).toEqual(['record.created', 'account.created'])
    expect(await picked({ actions: ['login.*', 'record.created'] })).toEqual(['record.created', 'login.succeeded'])
    expect(await picked({ actions: ['record.*'], except: ['*.read'] })).toEqual(['record.created'])
    expect(await picked({ success: false })).toEqual(['reauthentication.failed'])
    expect(await picked({ success: true, except: ['*.read', 'audit.*'] })).toEqual([
      'record.created',
      'login.succeeded',
      'account.created',
    ])
  })

  test.each([
    '',
    '%',
    '*',
    '*.*',
    'record',
    'record.%',
    'rec*.read',
    'a.b.c',
    '_.read',
    'record.created\n',
    'x'.repeat(90),
  ])('the pattern %j is refused', async (pattern) => {
    const { browser } = await signIn(app)
    for (const field of ['actions', 'except']) {
      const { code, errors } = await browser.graphql(AUDIT, { [field]: ['login.*', pattern] })
      expect([code, errors[0]?.extensions['field']]).toEqual(['BAD_INPUT', field])
    }
  })

  test.each([0, 21])('and so are %i of them', async (length) => {
    const { browser } = await signIn(app)
    const { code } = await browser.graphql(AUDIT, { actions: Array.from({ length }, () => 'login.*') })
    expect(code).toBe('BAD_INPUT')
  })

  test('pages go from one end to the other, also where many lines have one time', async () => {
    const { browser, userId } = await signIn(app)
    const timestamp = new Date('2026-05-05T05:05:05.555Z')
    const rows = Array.from({ length: 15 }, (_, index) => ({
      id: uuidv7(),
      userId: rowId(userId),
      action: 'test.made',
      recordId: String(index),
      timestamp,
    }))
    await app.services.database.systemDb.auditEntry.createMany({ data: rows })

    const seen: (string | null)[] = []
    let after: string | null = null
    for (;;) {
      const { edges, pageInfo } = await auditPage(browser, { action: 'test.made', first: 4, after })
      seen.push(...edges.map(({ node }) => node.recordId))
      if (!pageInfo.hasNextPage) break
      after = pageInfo.endCursor
    }
    expect(seen).toHaveLength(15)
    expect(new Set(seen).size).toBe(15)
    const last = await auditPage(browser, { action: 'test.made', last: 4 })
    expect(last.edges.map(({ node }) => node.recordId)).toEqual(seen.slice(-4))
    expect(last.pageInfo).toMatchObject({ hasPreviousPage: true, hasNextPage: false })
    const before = await auditPage(browser, { action: 'test.made', last: 4, before: last.pageInfo.startCursor })
    expect(before.edges.map(({ node }) => node.recordId)).toEqual(seen.slice(-8, -4))
  })

  test.each([{ first: 0 }, { first: 101 }, { last: 0 }, { first: 1, last: 1 }, { after: 'x' }, { before: '' }])(
    '%j is refused',
    async (args) => {
      const { browser } = await signIn(app)
      expect((await browser.graphql(AUDIT, args)).code).toBe('BAD_INPUT')
    },
  )

  test('reading it is told in it, from the next reading on', async () => {
    const { browser } = await signIn(app)
    expect(actionsIn(await auditPage(browser, { action: 'audit.read' }))).toEqual([])
    expect(actionsIn(await auditPage(browser, { action: 'audit.read' }))).toEqual(['audit.read'])
  })

  test('the log outlives what it tells of', async () => {
    const { browser } = await signIn(app)
    const { id } = await made(browser)
    await browser.graphql('mutation ($id: ID!) { deleteRecord(input: { id: $id }) { deletedId } }', { id })

    const told = (await auditPage(browser)).edges.filter(({ node }) => node.recordId === rowId(id))
    expect(told.map(({ node }) => node.action)).toEqual(['record.deleted', 'record.created'])
  })
})
