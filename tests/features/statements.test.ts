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
import { newKid } from '../support/envelopes.ts'
import {
  answered,
  askToInitiate,
  cancelBy,
  cancelTokenOf,
  codesOwner,
  DAY,
  newKeys,
  questionsInput,
  showCode,
} from '../attacks/recovery-support.ts'
import { freshKeys, letFreshStartPass } from './recovery/support.ts'
import {
  anew,
  DISABLE,
  encryptedRecords,
  envelopeFor,
  firstSetup,
  KEYS as ENCRYPTION_KEYS,
  nextKeys,
  REENCRYPT,
  rotated,
  ROTATE,
  SETUP,
  STATUS,
  TO_REENCRYPT,
  withEncryption,
} from './encryption/support.ts'
import { CREATE, made, newId, rowId, UPDATE } from './records/support.ts'

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
  // Of whatever user, and by no link: what is over, and who is to be reminded.
  const ofRecoveries =
    (/^(SELECT|DELETE) .*\b(recovery_requests|fresh_starts|former_keys)\b/s.test(text) &&
      !/(user_id|cancel_hash)\W+=/.test(text)) ||
    /^UPDATE .*recovery_requests.*expires_at\W+<=/s.test(text)
  // The database's time is asked for by jobs too, and in the same words.
  const isClock = /strftime|clock_timestamp/.test(text)
  const ofAJobAlone = /access_tallies|DELETE FROM \S*known_(devices|places).*\busers\b/s.test(text)
  return byTheOutbox || byAJob || ofRecoveries || isClock || ofAJobAlone
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
const KEYS = 'SELECT user_encryption_keys'
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
      KEYS,
      'INSERT sessions',
      LOG,
      ...['SELECT known_devices', 'INSERT known_devices', 'UPDATE known_places'],
      ...['INSERT security_alerts', 'INSERT outbox_messages'],
    ])
    expect(await sign(first)).toEqual([SESSION, LINK, ...SIGN_IN, KEYS, 'UPDATE sessions', LOG, ...KNOWN])
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
      ...['UPDATE recovery_requests', 'SELECT fresh_starts'], // what is under way
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
      ...[TAKEN, PASSKEYS, 'SELECT users', 'UPDATE users', 'UPDATE passkeys', 'UPDATE users', KEYS],
      ...['INSERT sessions', LOG],
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
      ...[SESSION, 'UPDATE users', PASSKEYS, 'SELECT key_slots', 'DELETE passkeys', 'UPDATE users', LOG],
      ...WARNED,
      'UPDATE sessions',
    ])
  })
})

describe('somebody whose encryption is on', () => {
  const ROTATIONS = 'SELECT key_rotations'
  // The account and its keys first; the log, the alert and the session last; then what the answer says.
  const BEGUN = [SESSION, 'UPDATE users', KEYS]
  const DONE = [LOG, 'INSERT security_alerts', 'INSERT outbox_messages', 'UPDATE sessions', KEYS, LOG]
  // The keys that must never come back.
  const USED_KEYS = [ROTATIONS, 'SELECT former_keys']
  // The questions, which go with the master key that their answers open.
  const FORGOTTEN = ['DELETE key_slots', 'DELETE security_questions']
  const short = (document: string) => document.replace(/\{ enabled biometric[^}]*\} \}/, '{ enabled }')

  test('reads: what is not asked for costs nothing', async () => {
    const { browser, held } = await withEncryption(app)
    const read = (query: string) => statementsOf(() => browser.graphql(query))
    expect(await read('{ encryptionStatus { enabled generation } }')).toEqual([SESSION, KEYS, LOG])
    expect(await read(STATUS)).toEqual([SESSION, KEYS, 'COUNT key_slots', ROTATIONS, LOG])
    expect(await read(ENCRYPTION_KEYS)).toEqual([SESSION, KEYS, 'SELECT key_slots', LOG])
    expect(await read('{ session { encryptionEnabled } }')).toEqual([SESSION])
    const next = await rotated(browser, held)
    expect(await read(STATUS)).toEqual([SESSION, KEYS, 'COUNT key_slots', ROTATIONS, LOG]) // finished at once
    await encryptedRecords(browser, next, 1)
    await rotated(browser, next)
    expect(await read(STATUS)).toEqual([SESSION, KEYS, 'COUNT key_slots', ROTATIONS, 'COUNT records', LOG])
  })

  test('setupEncryption, and disableEncryption', async () => {
    const { browser, userId } = await signIn(app)
    const input = firstSetup(rowId(userId))
    expect(await statementsOf(() => browser.graphql(short(SETUP), { input }))).toEqual([
      ...BEGUN,
      ...[...USED_KEYS, 'UPDATE record_usage', 'INSERT user_encryption_keys', 'INSERT key_slots'],
      ...DONE,
    ])
    expect(await statementsOf(() => browser.graphql(short(DISABLE)))).toEqual([
      ...BEGUN,
      ...['UPDATE record_usage', 'SELECT records', ...FORGOTTEN, 'DELETE fresh_starts', 'UPDATE recovery_requests'],
      'DELETE key_slots',
      ...[ROTATIONS, 'UPDATE user_encryption_keys'],
      ...DONE,
    ])
  })

  test('rotateKeys, of the record key and of everything', async () => {
    const { browser, held } = await withEncryption(app)
    await encryptedRecords(browser, held, 1)
    const rotate = (input: object) => statementsOf(() => browser.graphql(short(ROTATE), { input }))
    const first = nextKeys(held)
    const END = ['INSERT key_rotations', 'COUNT records']
    expect(await rotate(first.input)).toEqual([
      ...BEGUN,
      ...[...USED_KEYS, 'UPDATE record_usage', 'UPDATE user_encryption_keys', ...END],
      ...DONE,
    ])
    expect(await rotate(nextKeys(first.held, { full: true }).input)).toEqual([
      ...BEGUN,
      ...[...USED_KEYS, 'UPDATE record_usage', ...FORGOTTEN, 'DELETE key_slots', 'DELETE fresh_starts'],
      'INSERT key_slots',
      ...['UPDATE user_encryption_keys', ...END, 'UPDATE recovery_requests'],
      ...DONE,
    ])
  })

  test('encrypted records: one statement that takes the keys, and none more to create', async () => {
    const { browser, held } = await withEncryption(app)
    const id = newId()
    const input = { collection: 'n', id, encryptedData: envelopeFor(held, id, 1) }
    const create = (input: object) => statementsOf(() => browser.graphql(CREATE, { input }))
    const update = (input: object) => statementsOf(() => browser.graphql(UPDATE, { input }))
    expect(await create(input)).toEqual([SESSION, 'UPDATE record_usage', 'INSERT records', LOG])
    expect(await update({ id, revision: 1, encryptedData: envelopeFor(held, id, 2) })).toEqual([
      ...[SESSION, 'UPDATE record_usage', 'UPDATE records', LOG],
    ])
    const late = { id, revision: 2, encryptedData: envelopeFor({ ...held, kid: newKid() }, id, 3) }
    expect(await update(late)).toEqual([SESSION, 'UPDATE record_usage', 'SELECT record_usage'])
  })

  test('a batch that is written anew: one for each record, and one line of the log', async () => {
    const { browser, held } = await withEncryption(app)
    const records = await encryptedRecords(browser, held, 3)
    const next = await rotated(browser, held)
    const ask = (input: object[]) => statementsOf(() => browser.graphql(REENCRYPT, { input }))
    const AROUND = [SESSION, 'UPDATE record_usage', ROTATIONS]
    expect(await statementsOf(() => browser.graphql(TO_REENCRYPT))).toEqual([SESSION, ROTATIONS, 'SELECT records', LOG])
    expect(await ask(anew(next, records.slice(0, 2)))).toEqual([
      ...[...AROUND, 'UPDATE records', 'UPDATE records', 'COUNT records', LOG],
    ])
    expect(await ask(anew(next, records.slice(2)))).toEqual([
      ...[...AROUND, 'UPDATE records', 'COUNT records', 'UPDATE key_rotations', LOG],
    ])
    expect(await ask([])).toEqual([...AROUND, 'COUNT records'])
  })
})

describe('somebody who recovers the keys', () => {
  const REQUESTS = 'recovery_requests'
  const HELD = [SESSION, 'UPDATE users', 'UPDATE sessions']
  const OPEN = `SELECT ${REQUESTS}`
  const WARNED = ['INSERT security_alerts', 'INSERT outbox_messages']
  const statusOf = (fields: string) => `{ recoveryStatus { ${fields} } }`

  test('recoveryStatus: what is not asked for costs nothing', async () => {
    const { browser } = await codesOwner(app)
    const read = (fields: string) => statementsOf(() => browser.graphql(statusOf(fields)))
    expect(await read('__typename')).toEqual([SESSION])
    expect(await read('recoveryCodesLeft')).toEqual([SESSION, 'COUNT key_slots', LOG])
    expect((await read('methods recoveryCodesLeft questions questionsSalt request { state }')).sort()).toEqual(
      [SESSION, 'COUNT key_slots', 'SELECT security_questions', OPEN, LOG].sort(),
    )
  })

  test('initiateRecovery: the first time, and again', async () => {
    const { browser } = await codesOwner(app)
    const initiated = () => statementsOf(() => askToInitiate(browser, 'RECOVERY_CODE'))
    expect(await initiated()).toEqual([
      ...[...HELD, KEYS, OPEN, OPEN, 'SELECT key_slots', OPEN, `UPDATE ${REQUESTS}`, `INSERT ${REQUESTS}`, LOG],
      ...WARNED,
    ])
    expect(await initiated()).toEqual([...HELD, KEYS, OPEN])
  })

  test('verifyRecovery: a wrong code and a right one; then completeRecovery', async () => {
    const { browser, held, codes } = await codesOwner(app)
    answered(await askToInitiate(browser, 'RECOVERY_CODE'))
    const tried = (verifier: string) => statementsOf(() => showCode(browser, verifier))
    const COUNTED = [...HELD, OPEN, OPEN, 'SELECT key_slots']
    expect(await tried(newKid())).toEqual([...COUNTED, LOG])
    expect(await tried(codes[0] ?? '')).toEqual([
      ...[...COUNTED, 'DELETE key_slots', 'UPDATE user_encryption_keys', `UPDATE ${REQUESTS}`, LOG],
      ...[KEYS, 'SELECT key_slots', LOG], // what the answer says
    ])

    const { input } = newKeys(held)
    const complete = 'mutation ($input: CompleteRecoveryInput!) { completeRecovery(input: $input) { enabled } }'
    expect(await statementsOf(() => browser.graphql(complete, { input }))).toEqual([
      ...[SESSION, 'UPDATE users', KEYS, OPEN, 'SELECT key_rotations', 'SELECT former_keys'],
      'UPDATE record_usage',
      ...['DELETE key_slots', 'DELETE security_questions', 'DELETE key_slots', 'DELETE fresh_starts'],
      'INSERT key_slots',
      ...['UPDATE user_encryption_keys', 'INSERT key_rotations', 'COUNT records', 'UPDATE key_rotations'],
      ...[`UPDATE ${REQUESTS}`, 'DELETE sessions', 'SELECT passkeys', LOG, ...WARNED, 'UPDATE sessions', KEYS, LOG],
    ])
  })

  test('security questions: set, and removed', async () => {
    const { browser, held } = await codesOwner(app)
    const { input } = questionsInput(held)
    const set = 'mutation ($input: SetSecurityQuestionsInput!) { setSecurityQuestions(input: $input) { __typename } }'
    const BEGUN = [SESSION, 'UPDATE users', KEYS, 'DELETE key_slots', 'DELETE security_questions']
    const ENDED = ['UPDATE user_encryption_keys', `UPDATE ${REQUESTS}`, LOG, ...WARNED, 'UPDATE sessions']
    const made = ['INSERT key_slots', 'INSERT security_questions']
    expect(await statementsOf(() => browser.graphql(set, { input }))).toEqual([...BEGUN, ...made, ...ENDED])
    const remove = 'mutation { removeSecurityQuestions { __typename } }'
    expect(await statementsOf(() => browser.graphql(remove))).toEqual([...BEGUN, ...ENDED])
  })

  test('a fresh start: asked for, done, and what it gave up', async () => {
    const { browser, held, email } = await codesOwner(app)
    const ask = 'mutation ($email: String!) { requestFreshStart(confirmation: $email) { __typename } }'
    const FRESH = 'fresh_starts'
    const asked = () => statementsOf(() => browser.graphql(ask, { email }))
    expect(await asked()).toEqual([
      ...[...HELD, KEYS, `SELECT ${FRESH}`, 'SELECT audit_entries', `DELETE ${FRESH}`, `INSERT ${FRESH}`, LOG],
      ...WARNED,
    ])
    expect(await asked()).toEqual([...HELD, KEYS, `SELECT ${FRESH}`])
    await letFreshStartPass(app, held.userId, 7 * DAY)
    const complete = 'mutation ($input: SetupEncryptionInput!) { completeFreshStart(input: $input) { enabled } }'
    const { input } = freshKeys(held)
    expect(await statementsOf(() => browser.graphql(complete, { input }))).toEqual([
      ...[SESSION, 'UPDATE users', KEYS, `DELETE ${FRESH}`],
      ...['UPDATE record_usage', 'SELECT key_slots', 'SELECT key_rotations', 'INSERT former_keys'],
      ...['DELETE key_rotations', 'DELETE key_slots', 'DELETE security_questions', `UPDATE ${REQUESTS}`],
      ...['DELETE key_slots', 'SELECT key_rotations', 'SELECT former_keys', 'UPDATE record_usage'],
      ...['UPDATE user_encryption_keys', 'INSERT key_slots', LOG, ...WARNED, 'UPDATE sessions', KEYS, LOG],
    ])
    const former = '{ formerKeys { encryptedPrivateKey slots { envelope } } }'
    expect(await statementsOf(() => browser.graphql(former))).toEqual([SESSION, 'SELECT former_keys', LOG])
  })

  test('cancelRecovery: a link that was never made, one that stops, and again', async () => {
    const { browser, email } = await codesOwner(app)
    answered(await askToInitiate(browser, 'RECOVERY_CODE'))
    const token = await cancelTokenOf(app, email)
    const tried = (text: string) => statementsOf(() => cancelBy(app.browser(), text))
    const REFUSED = [OPEN, 'SELECT fresh_starts', LOG]
    expect(await tried(newKid())).toEqual(REFUSED)
    expect(await tried(token)).toEqual([
      ...[OPEN, 'SELECT fresh_starts', 'UPDATE users', 'SELECT users', `UPDATE ${REQUESTS}`],
      ...['SELECT fresh_starts', LOG],
      ...WARNED,
    ])
    expect(await tried(token)).toEqual(REFUSED)
  })
})
