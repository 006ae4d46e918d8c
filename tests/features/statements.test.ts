import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { askForLink, newAddress, REQUEST, signIn, VERIFY, VERIFY_CODE } from '../support/people.ts'
import type { Person } from '../support/people.ts'
import { ASK, askForCode, PROVE } from './reauthentication/support.ts'
import {
  begin,
  BEGIN_LOGIN,
  BEGIN_REAUTHENTICATION,
  BEGIN_REGISTRATION,
  COMPLETE_LOGIN,
  COMPLETE_REAUTHENTICATION,
  COMPLETE_REGISTRATION,
  DEVICES,
  REMOVE,
  RENAME,
  siteOf,
  withPasskey,
} from '../support/passkeys.ts'
import type { Creation, Request } from '../support/passkeys.ts'
import { makeAuthenticator } from '../support/authenticator.ts'
import { ACKNOWLEDGE, ALERTS, DISOWN, notMeTokenIn, raise } from './alerts/support.ts'
import { made, newId } from './records/support.ts'

// What each operation asks of the database, statement by statement: the same on both. A number that grows is a cost
// that somebody pays at each request, such as a row that Pothos loads a second time.

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.close())

/** 'SELECT records': what a statement does, and to which table. */
function inShort(text: string): string {
  const [, verb = '?'] = /^\s*(?:SELECT (?=COUNT))?(\w+)/.exec(text) ?? []
  const [, table = '?'] = /\b(?:FROM|INTO|UPDATE)\s+(?!\()[\w."`]*?(\w+)["`]?(?:\s|\(|$)/.exec(text) ?? []
  return `${verb} ${table}`
}

/** What the outbox and the jobs ask in between, which no request waits for. */
function isBackground(text: string): boolean {
  const byTheOutbox = /outbox_messages/.test(text) && !text.startsWith('INSERT')
  const byAJob =
    /^SELECT \S+\bid\W? FROM \S*(magic_links|passkey_challenges|reauthentication_codes|sessions|audit_entries|security_alerts)\b(?!.*user_id)/.test(
      text,
    )
  const ofAJobAlone = /access_tallies|DELETE FROM \S*known_(devices|places).*\busers\b/s.test(text)
  return byTheOutbox || byAJob || ofAJobAlone
}

async function statementsOf(work: () => Promise<unknown>): Promise<string[]> {
  const statements: string[] = []
  const stop = app.services.database.onStatement((text) => {
    if (!isBackground(text)) statements.push(inShort(text))
  })
  await work()
  stop()
  return statements
}

const SESSION = 'SELECT sessions'
const LOG = 'INSERT audit_entries'
const FIELDS = 'id collection title data secret encryptedData keyId revision createdAt updatedAt'

const BY_ONE_WHO_IS_SIGNED_IN: readonly (readonly [name: string, query: string, statements: readonly string[]])[] = [
  ['me', '{ me { id email displayName createdAt lastLoginAt } }', [SESSION]],
  ['session', '{ session { id current level deviceName } me { id } }', [SESSION]],
  ['sessions', '{ sessions { id current level } }', [SESSION, 'SELECT sessions', LOG]],
  ['record', `query ($id: ID!) { record(id: $id) { ${FIELDS} } }`, [SESSION, 'SELECT records', LOG]],
  ['node', `query ($id: ID!) { node(id: $id) { id ... on Record { ${FIELDS} } } }`, [SESSION, 'SELECT records', LOG]],
  [
    'nodes, the viewer and the session',
    'query ($me: ID!) { nodes(ids: [$me]) { id ... on User { email } } }',
    [SESSION],
  ],
  [
    'a page of records',
    `{ records { edges { cursor node { ${FIELDS} } } pageInfo { hasNextPage } } }`,
    [SESSION, 'SELECT records', LOG],
  ],
  [
    'a page and its count',
    `{ records { totalCount edges { node { ${FIELDS} } } } }`,
    [SESSION, 'SELECT records', 'COUNT records', LOG],
  ],
  [
    'a filtered page, asked for in pieces and by other names',
    '{ records(collection: "notes", titleContains: "x") { e: edges { a: node { data } b: node { secret } } edges { node { ...F } } } } fragment F on Record { encryptedData }',
    [SESSION, 'SELECT records', LOG],
  ],
  [
    'securityAudit',
    '{ securityAudit { edges { cursor node { id action details timestamp } } } }',
    [SESSION, 'SELECT audit_entries', LOG],
  ],
  [
    'createRecord',
    `mutation { createRecord(input: { collection: "n", data: 1, secret: 2 }) { ${FIELDS} } }`,
    [SESSION, 'UPDATE record_usage', 'INSERT records', LOG],
  ],
  [
    'updateRecord',
    `mutation ($id: ID!) { updateRecord(input: { id: $id, revision: 1, title: "x" }) { ${FIELDS} } }`,
    [SESSION, 'UPDATE records', LOG],
  ],
  [
    'updateRecord of a stale revision',
    'mutation ($id: ID!) { updateRecord(input: { id: $id, revision: 7, title: "x" }) { id } }',
    [SESSION, 'UPDATE records', 'SELECT records', LOG],
  ],
  [
    'deleteRecord',
    'mutation ($id: ID!) { deleteRecord(input: { id: $id, revision: 1 }) { deletedId } }',
    [SESSION, 'UPDATE record_usage', 'DELETE records', LOG],
  ],
  ['a refusal of the arguments', 'mutation { createRecord(input: { collection: "0" }) { id } }', [SESSION]],
  ['a document that does not fit', '{ nonsense }', []],
  ['logout', 'mutation { logout }', [SESSION, 'DELETE sessions', LOG]],
]

describe('somebody who is signed in', () => {
  test.each(BY_ONE_WHO_IS_SIGNED_IN)('%s', async (_name, query, expected) => {
    const { browser, userId } = await signIn(app)
    const { id } = await made(browser, { title: 'x', data: 1, secret: 2 })
    await made(browser)

    expect(await statementsOf(() => browser.graphql(query, { id, me: userId }))).toEqual(expected)
  })

  test('a page costs the same for twenty records as for one', async () => {
    const { browser } = await signIn(app)
    for (let count = 0; count < 20; count++) await made(browser, { secret: count })

    const query = `{ records(first: 20) { edges { node { ${FIELDS} } } } }`
    expect(await statementsOf(() => browser.graphql(query))).toEqual([SESSION, 'SELECT records', LOG])
  })

  test('nodes: one for each record, and one line of the log', async () => {
    const { browser } = await signIn(app)
    const ids = [(await made(browser)).id, (await made(browser)).id, newId()]
    const query = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }'

    expect(await statementsOf(() => browser.graphql(query, { ids }))).toEqual([
      SESSION,
      ...Array<string>(3).fill('SELECT records'),
      LOG,
    ])
  })

  test('once a minute, that the session was used', async () => {
    const { browser } = await signIn(app)
    app.clock.advance(61_000)

    expect(await statementsOf(() => browser.graphql('{ me { id } }'))).toEqual([SESSION, 'UPDATE sessions'])
    expect(await statementsOf(() => browser.graphql('{ me { id } }'))).toEqual([SESSION])
  })

  test('revokeSession', async () => {
    const { browser, email } = await signIn(app)
    const { sessionId: id } = await signIn(app, email)

    const query = 'mutation ($id: ID!) { revokeSession(id: $id) { id deviceName level } }'
    expect(await statementsOf(() => browser.graphql(query, { id }))).toEqual([SESSION, 'DELETE sessions', LOG])
  })

  test('revokeOtherSessions: those that end are read, found and deleted, and both are logged', async () => {
    const { browser, email } = await signIn(app)
    await signIn(app, email)

    const query = 'mutation { revokeOtherSessions { id } }'
    const found = ['SELECT sessions', 'SELECT sessions']
    expect(await statementsOf(() => browser.graphql(query))).toEqual([SESSION, ...found, 'DELETE sessions', LOG, LOG])
  })
})

describe('somebody who signs in', () => {
  const LINK = 'SELECT magic_links'
  const SIGN_IN = ['UPDATE magic_links', 'INSERT users']
  const NEW = ['INSERT known_devices', 'INSERT known_places']
  const KNOWN = ['UPDATE known_devices', 'UPDATE known_places']

  test('nobody is looked up without a cookie of ours', async () => {
    expect(await statementsOf(() => app.browser().graphql('{ me { id } session { id } }'))).toEqual([])
    expect(await statementsOf(() => app.browser().graphql('{ records { totalCount } }'))).toEqual([])
  })

  test('requestMagicLink: alike for an address with an account and for one without', async () => {
    const { email } = await signIn(app)
    for (const address of [email, newAddress()]) {
      const request = () => app.browser().graphql(REQUEST, { email: address })
      expect(await statementsOf(request)).toEqual(['SELECT users', 'INSERT magic_links', 'INSERT outbox_messages', LOG])
    }
  })

  test('verifyMagicLink: the first time, again in another browser, and in the same one', async () => {
    const [first, second] = [app.browser(), app.browser()]
    const email = newAddress()
    const sign = async (browser: Person['browser']) => {
      const { token } = await askForLink(app, browser, email)
      return statementsOf(() => browser.graphql(VERIFY, { token }))
    }
    expect(await sign(first)).toEqual([LINK, ...SIGN_IN, 'INSERT record_usage', 'INSERT sessions', LOG, ...NEW])
    expect(await sign(second)).toEqual([
      LINK,
      ...SIGN_IN,
      'INSERT sessions',
      LOG,
      ...['SELECT known_devices', 'INSERT known_devices', 'UPDATE known_places'],
      ...['INSERT security_alerts', 'INSERT outbox_messages'],
    ])
    expect(await sign(first)).toEqual([SESSION, LINK, ...SIGN_IN, 'UPDATE sessions', LOG, ...KNOWN])
  })

  test('verifyMagicLink that does not sign in', async () => {
    const browser = app.browser()
    const { token } = await askForLink(app, browser, newAddress())
    const look = () => statementsOf(() => app.browser().graphql(VERIFY, { token }))

    expect(await look()).toEqual([LINK, 'SELECT users', LOG])
    await browser.graphql(VERIFY, { token })
    expect(await look()).toEqual([LINK, 'SELECT users', LOG])
    expect(await statementsOf(() => app.browser().graphql(VERIFY, { token: 'x' }))).toEqual([LOG])
  })

  test('verifyMagicCode: a wrong one, and the right one', async () => {
    const browser = app.browser()
    const { code } = await askForLink(app, browser, newAddress())
    const wrong = code === '000000' ? '000001' : '000000'
    const tried = (code: string) => statementsOf(() => browser.graphql(VERIFY_CODE, { code }))

    expect(await tried(wrong)).toEqual([LINK, 'UPDATE magic_links', 'SELECT users', LOG])
    expect(await tried(code)).toEqual([
      LINK,
      'UPDATE magic_links',
      ...SIGN_IN,
      'INSERT record_usage',
      'INSERT sessions',
      LOG,
      ...NEW,
    ])
  })
})

describe('somebody who is warned', () => {
  const ALERT = 'security_alerts'

  test('securityAlerts', async () => {
    const person = await signIn(app)
    await raise(app, person)
    expect(await statementsOf(() => person.browser.graphql(ALERTS))).toEqual([SESSION, `SELECT ${ALERT}`, LOG])
  })

  test('acknowledgeAlert: the first time, and again', async () => {
    const person = await signIn(app)
    const id = `alert_${await raise(app, person)}`
    const acknowledge = () => statementsOf(() => person.browser.graphql(ACKNOWLEDGE, { id }))
    expect(await acknowledge()).toEqual([SESSION, `UPDATE ${ALERT}`, LOG])
    expect(await acknowledge()).toEqual([SESSION, `UPDATE ${ALERT}`, `SELECT ${ALERT}`, LOG])
  })

  test('disownAlert: by somebody else, and again', async () => {
    const person = await signIn(app)
    await raise(app, person)
    const token = notMeTokenIn(await app.mailbox.latest(person.email, 2))
    const disown = () => statementsOf(() => app.browser().graphql(DISOWN, { token }))
    expect(await disown()).toEqual([
      ...[`UPDATE ${ALERT}`, `UPDATE ${ALERT}`, 'SELECT users', 'DELETE magic_links', 'UPDATE users'],
      ...['DELETE reauthentication_codes', 'DELETE known_devices', 'DELETE sessions', LOG],
    ])
    expect(await disown()).toEqual([`UPDATE ${ALERT}`, LOG])
  })
})

describe('somebody who proves it again by a code', () => {
  const CODE = 'UPDATE reauthentication_codes'

  test('requestReauthenticationCode', async () => {
    const { browser } = await signIn(app)
    const request = () => browser.graphql(ASK)
    expect(await statementsOf(request)).toEqual([
      SESSION,
      ...['INSERT reauthentication_codes', 'INSERT outbox_messages', LOG],
    ])
  })

  test('reauthenticateWithCode: without a code, a wrong one, and the right one', async () => {
    const person = await signIn(app)
    const tried = (code: string) => statementsOf(() => person.browser.graphql(PROVE, { code }))
    const FOUND = [SESSION, 'SELECT reauthentication_codes']

    expect(await tried('123456')).toEqual([...FOUND, LOG])
    const { code } = await askForCode(app, person)
    expect(await tried(code === '000000' ? '000001' : '000000')).toEqual([...FOUND, CODE, LOG])
    expect(await tried(code)).toEqual([...FOUND, CODE, CODE, 'UPDATE sessions', LOG, LOG])
  })
})

describe('somebody with a passkey', () => {
  const TAKEN = 'DELETE passkey_challenges'
  const ASKED = 'INSERT passkey_challenges'
  const PASSKEYS = 'SELECT passkeys'
  const WARNED = ['INSERT security_alerts', 'INSERT outbox_messages']

  test('registers another one', async () => {
    const { browser } = await withPasskey(app)
    expect(await statementsOf(() => browser.graphql(BEGIN_REGISTRATION))).toEqual([SESSION, PASSKEYS, ASKED, LOG])
    const { challengeId, options } = await begin<Creation>(browser, BEGIN_REGISTRATION)
    const response = makeAuthenticator(siteOf(app)).create(options)
    const complete = () => browser.graphql(COMPLETE_REGISTRATION, { challengeId, response })
    expect(await statementsOf(complete)).toEqual([
      ...[SESSION, TAKEN, 'UPDATE users', PASSKEYS, 'INSERT passkeys', 'UPDATE sessions', LOG],
      ...WARNED,
    ])
  })

  test('begins to sign in: nothing is looked up, whoever is named', async () => {
    const { email, browser } = await withPasskey(app)
    for (const address of [email, newAddress(), undefined]) {
      expect(await statementsOf(() => app.browser().graphql(BEGIN_LOGIN, { email: address }))).toEqual([ASKED])
    }
    expect(await statementsOf(() => browser.graphql(BEGIN_LOGIN, { email }))).toEqual([
      ...[SESSION, 'SELECT known_devices', PASSKEYS, ASKED],
    ])
  })

  test('signs in, in a new browser and with a bad signature', async () => {
    const { authenticator } = await withPasskey(app)
    const sign = async (badSignature: boolean) => {
      const browser = app.browser()
      const { challengeId, options } = await begin<Request>(browser, BEGIN_LOGIN)
      const response = authenticator.get(options, { badSignature })
      return statementsOf(() => browser.graphql(COMPLETE_LOGIN, { challengeId, response }))
    }
    expect(await sign(false)).toEqual([
      ...[TAKEN, PASSKEYS, 'SELECT users', 'UPDATE users', 'UPDATE passkeys', 'UPDATE users', 'INSERT sessions', LOG],
      ...['SELECT known_devices', 'INSERT known_devices', 'UPDATE known_places'],
      ...WARNED,
    ])
    expect(await sign(true)).toEqual([TAKEN, PASSKEYS, 'SELECT users', LOG])
  })

  test('proves the session again', async () => {
    const { browser, authenticator } = await withPasskey(app)
    expect(await statementsOf(() => browser.graphql(BEGIN_REAUTHENTICATION))).toEqual([SESSION, PASSKEYS, ASKED, LOG])
    const { challengeId, options } = await begin<Request>(browser, BEGIN_REAUTHENTICATION)
    const response = authenticator.get(options)
    const complete = () => browser.graphql(COMPLETE_REAUTHENTICATION, { challengeId, response })
    expect(await statementsOf(complete)).toEqual([
      ...[SESSION, TAKEN, PASSKEYS, 'UPDATE passkeys', 'UPDATE sessions'],
      ...[LOG, LOG, LOG], // the proof, the two writes, the read
    ])
  })

  test('looks at the devices, renames and removes one', async () => {
    const { browser, passkey } = await withPasskey(app)
    const { id } = passkey
    const page = '{ securityDevices { passkeys { id name } sessions { id current } passkeysLeft } }'
    expect(await statementsOf(() => browser.graphql(DEVICES))).toEqual([SESSION, PASSKEYS, LOG])
    expect(await statementsOf(() => browser.graphql(page))).toEqual([SESSION, PASSKEYS, 'SELECT sessions', LOG])
    expect(await statementsOf(() => browser.graphql(RENAME, { id, name: 'x' }))).toEqual([
      SESSION,
      'UPDATE passkeys',
      LOG,
    ])
    expect(await statementsOf(() => browser.graphql(REMOVE, { id }))).toEqual([
      ...[SESSION, 'UPDATE users', PASSKEYS, 'DELETE passkeys', 'UPDATE users', LOG],
      ...WARNED,
      'UPDATE sessions',
    ])
  })
})
