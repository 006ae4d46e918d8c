import { buildSchema as readSchema, isObjectType } from 'graphql'
import type { GraphQLSchema } from 'graphql'
import { v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LEVELS } from '../../src/features/levels.ts'
import { seal } from '../../src/platform/crypto/seal.ts'
import { printSchema } from '../../src/schema/index.ts'
import { AUTH_LEVELS } from '../../src/viewer.ts'
import type { AuthLevel, AuthMethod } from '../../src/viewer.ts'
import { made } from '../features/records/support.ts'
import { rowId } from '../features/reauthentication/support.ts'
import { startTestApp } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import type { Answer, Visitor } from '../support/browser-like.ts'
import { signIn } from '../support/people.ts'
import { LEVEL_TABLE } from './levels-table.ts'
import type { LevelRow, Things } from './levels-table.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.close())

type Standing = { held: AuthLevel | 'anonymous'; hasPasskey: boolean }

/** Without a passkey there is no session between SESSION and STRONG: any fresh proof satisfies all that is asked. */
const STANDINGS: readonly Standing[] = [
  { held: 'anonymous', hasPasskey: false },
  { held: 'SESSION', hasPasskey: false },
  { held: 'STRONG', hasPasskey: false },
  { held: 'anonymous', hasPasskey: true },
  { held: 'SESSION', hasPasskey: true },
  { held: 'FRESH', hasPasskey: true },
  { held: 'STRONG', hasPasskey: true },
]

/** What a refusal must offer: mail does not reach STRONG where there is a passkey. */
const METHODS: Readonly<Record<AuthLevel, { withPasskey: AuthMethod[]; without: AuthMethod[] }>> = {
  SESSION: { withPasskey: [], without: [] },
  FRESH: { withPasskey: ['PASSKEY', 'MAGIC_LINK'], without: ['MAGIC_LINK'] },
  STRONG: { withPasskey: ['PASSKEY'], without: ['MAGIC_LINK'] },
}

/** What the field must be refused with; null where it must not be refused for the level. */
function refusalOf({ needs }: LevelRow, { held, hasPasskey }: Standing): object | null {
  if (needs === null) return null
  if (held === 'anonymous') return { code: 'UNAUTHENTICATED' }
  if (AUTH_LEVELS.indexOf(held) >= AUTH_LEVELS.indexOf(needs)) return null
  return {
    code: 'REAUTHENTICATION_REQUIRED',
    level: needs,
    methods: METHODS[needs][hasPasskey ? 'withPasskey' : 'without'],
  }
}

/** The codes with which an allowed call is refused all the same, as its row says; none where it is answered. */
function refusedForItself({ refuses, refusesWithoutPasskey }: LevelRow, { hasPasskey }: Standing): string[] {
  return [refuses, hasPasskey ? undefined : refusesWithoutPasskey].filter((code) => code !== undefined)
}

describe.each(Object.entries(LEVEL_TABLE))('S4: %s', (name, row) => {
  test.each(STANDINGS)('S4: for $held, with a passkey: $hasPasskey', async (standing) => {
    const { browser, things } = await someone(standing)
    const before = await everything(things)
    const sent = mailsTo(things).length
    const { errors } = await ask(name, row, browser, things)

    const refusal = refusalOf(row, standing)
    if (refusal === null) {
      expect(errors.map(({ extensions }) => extensions.code)).toEqual(refusedForItself(row, standing))
      return
    }
    expect(errors.map(({ extensions }) => extensions)).toEqual([refusal])
    expect(await everything(things)).toEqual(before)
    expect(mailsTo(things)).toHaveLength(sent)
  })
})

describe('S4: the table is whole', () => {
  const schema = readSchema(printSchema(), { assumeValidSDL: true })

  test('S4: every field of Query, Mutation and Subscription has its row, and no row is of a field that is not there', () => {
    const inner = Object.keys(LEVEL_TABLE).filter((name) => !/^(Query|Mutation|Subscription)\./.test(name))
    expect(Object.keys(LEVEL_TABLE).sort()).toEqual([...rootFields(schema), ...inner].sort())
    for (const name of inner) expect(guardedIn(schema)).toHaveProperty([name])
  })

  test('S4: it says what the server goes by, and what the printed schema promises', () => {
    const levels = Object.fromEntries(Object.entries(LEVEL_TABLE).map(([name, { needs }]) => [name, needs]))
    expect(LEVELS).toEqual(levels)
    const guarded = Object.fromEntries(Object.entries(levels).filter(([, needs]) => needs !== null))
    expect(guardedIn(schema)).toEqual(guarded)
  })

  test('S4: the running server has these fields, and no others', async () => {
    const { data } = await app
      .browser()
      .graphql<{ __schema: Record<string, { fields: { name: string }[] } | null> }>(
        '{ __schema { Query: queryType { fields { name } } Mutation: mutationType { fields { name } } Subscription: subscriptionType { fields { name } } } }',
      )
    const running = Object.entries(data?.__schema ?? {}).flatMap(([type, found]) =>
      (found?.fields ?? []).map((field) => `${type}.${field.name}`),
    )
    expect(running.sort()).toEqual(rootFields(schema).sort())
  })

  test('S4: each row asks for its own field', () => {
    for (const [name, { ask: document }] of Object.entries(LEVEL_TABLE)) {
      const [type = '', field = ''] = name.split('.')
      expect(document).toMatch(new RegExp(`\\b${field}\\b`))
      expect(document.split(/[ {(]/)[0] || 'query').toBe(
        !['Query', 'Mutation', 'Subscription'].includes(type) ? 'query' : type.toLowerCase(),
      )
    }
  })
})

/** A browser whose session stands so, and things that are its owner's. */
async function someone({ held, hasPasskey }: Standing): Promise<{ browser: Visitor; things: Things }> {
  const { browser, email, userId, sessionId } = await signIn(app)
  const { id: recordId } = await made(browser, { secret: 'secret' })
  const { systemDb } = app.services.database
  const [owner, now] = [rowId(userId), app.clock.now()]
  const [passkeyId, alertId, slotId] = [uuidv7(), uuidv7(), uuidv7()]
  const alert = { kind: 'login.new-device', message: 'New.', onceKey: alertId }
  await systemDb.securityAlert.create({ data: { ...alert, id: alertId, userId: owner, createdAt: now } })
  const slot = { id: slotId, userId: owner, kind: 'PASSPHRASE', generation: 1, createdAt: now }
  const envelope = seal(app.services.keys, 'seal-key-slots', 'an envelope', [owner, slotId, slot.kind])
  await systemDb.keySlot.create({ data: { ...slot, envelope } })
  if (hasPasskey) {
    const passkey = { credentialId: passkeyId, publicKey: 'AAAA', name: 'Key', deviceType: 'SINGLE_DEVICE' }
    await systemDb.passkey.create({
      data: { ...passkey, id: passkeyId, userId: owner, backedUp: false, transports: '[]', aaguid: '', createdAt: now },
    })
    await systemDb.user.update({ where: { id: owner }, data: { passkeyCount: 1 } })
  }
  const long = new Date(now.getTime() - 20 * 60_000)
  await systemDb.session.update({
    where: { id: rowId(sessionId) },
    data: {
      provedAt: held === 'SESSION' ? long : now,
      strongProvedAt: !hasPasskey ? null : held === 'STRONG' ? now : long,
    },
  })
  const ids = { passkeyId: `passkey_${passkeyId}`, alertId: `alert_${alertId}`, slotId: `keyslot_${slotId}` }
  const things = { email, userId, sessionId, recordId, ...ids }
  return { browser: held === 'anonymous' ? app.browser() : browser, things }
}

function ask(name: string, { ask: document, variables }: LevelRow, browser: Visitor, things: Things): Promise<Answer> {
  const asked = variables?.(things) ?? {}
  return name.startsWith('Subscription.') ? subscribed(browser, document, things) : browser.graphql(document, asked)
}

/** The first thing that a stream of events says. Something is made to happen, so that it says something. */
async function subscribed(browser: Visitor, query: string, { email }: Things): Promise<Answer> {
  const { body, status, headers } = await browser.fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', origin: app.url.origin },
    body: JSON.stringify({ query }),
  })
  const reader = body?.getReader()
  const decoder = new TextDecoder()
  let text = ''
  let happened: Promise<unknown> | null = null
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true }
    if (done) throw new Error(`The stream ended with nothing: ${text}`)
    text += decoder.decode(value, { stream: true })
    const [, json] = /^data: ?(\{.*\})$/m.exec(text) ?? []
    if (json) {
      await Promise.all([happened, reader?.cancel()])
      const { data, errors = [] } = JSON.parse(json) as Pick<Answer, 'data'> & { errors?: Answer['errors'] } // GraphQL's
      return { status, headers, data, errors, code: errors[0]?.extensions.code ?? null }
    }
    happened ??= signIn(app, email) // from a browser that is new
  }
}

/** All that the database holds of the person, but for when the session was last used, and what the log says. */
async function everything({ userId, email }: Things): Promise<unknown> {
  const { systemDb } = app.services.database
  const of = { where: { userId: rowId(userId) } }
  const sessions = await systemDb.session.findMany(of)
  return {
    user: await systemDb.user.findUnique({ where: { id: rowId(userId) } }),
    sessions: sessions.map(({ lastActivityAt: _, ...session }) => session),
    records: await systemDb.record.findMany(of),
    usage: await systemDb.recordUsage.findMany(of),
    passkeys: await systemDb.passkey.findMany(of),
    keys: await systemDb.encryptionKeys.findMany(of),
    slots: await systemDb.keySlot.findMany(of),
    rotations: await systemDb.keyRotation.findMany(of),
    codes: await systemDb.reauthenticationCode.findMany(of),
    devices: await systemDb.knownDevice.findMany(of),
    places: await systemDb.knownPlace.findMany(of),
    alerts: await systemDb.securityAlert.findMany(of),
    links: await systemDb.magicLink.findMany({ where: { email } }),
    challenges: await systemDb.passkeyChallenge.findMany({ where: { accountId: rowId(userId) } }),
  }
}

const mailsTo = ({ email }: Things) => app.mailbox.mails.filter(({ to }) => to === email)

function rootFields(schema: GraphQLSchema): string[] {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]
  return roots.flatMap((type) => Object.keys(type?.getFields() ?? {}).map((field) => `${type?.name}.${field}`))
}

/** The fields that carry `@auth` in the printed schema, with its level. */
function guardedIn(schema: GraphQLSchema): Record<string, string> {
  const found: Record<string, string> = {}
  for (const type of Object.values(schema.getTypeMap()).filter(isObjectType)) {
    for (const field of Object.values(type.getFields())) {
      const auth = field.astNode?.directives?.find(({ name }) => name.value === 'auth')
      const level = auth?.arguments?.find(({ name }) => name.value === 'level')?.value
      if (level?.kind === 'EnumValue') found[`${type.name}.${field.name}`] = level.value
    }
  }
  return found
}
