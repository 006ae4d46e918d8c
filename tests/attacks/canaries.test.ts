import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { openLog } from '../../src/platform/log.ts'
import { startTestApp } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import type { Visitor } from '../support/browser-like.ts'
import { makeAuthenticator } from '../support/authenticator.ts'
import { signInDevice, steadyPerson } from '../support/devices.ts'
import { codeIn, testMailbox, tokenIn } from '../support/mailbox.ts'
import type { TestMailbox } from '../support/mailbox.ts'
import { newAddress, REQUEST, VERIFY, VERIFY_CODE } from '../support/people.ts'
import {
  begin,
  BEGIN_LOGIN,
  COMPLETE_LOGIN,
  passkeyLogin,
  reauthenticate,
  register,
  siteOf,
} from '../support/passkeys.ts'
import type { Request } from '../support/passkeys.ts'
import { newKid } from '../support/envelopes.ts'
import { verifierOfCode } from '../support/second-reader.ts'
import { firstSetup, keysOf, nextKeys, ROTATE, SETUP } from '../features/encryption/support.ts'
import { create, list, made, newId, read, remove, rowId, update } from '../features/records/support.ts'
import { databaseOf, redisOf, sightings, sightingsOfCode } from './canaries-support.ts'
import type { Canary, Place } from './canaries-support.ts'
import { wrongCode } from './mail-links-support.ts'
import { CANCEL_LINK, DAY, passTime } from './recovery-support.ts'

const PLAIN_TITLE = 'a title that anybody may read'
const SECRETS = [
  'canary: the first secret',
  'canary: the second, ünsealed',
  'canary: refused as it was too deep',
  'canary: in the document',
  'canary-of-the-prf-extension',
]

const PASSPHRASES = [
  'canary lantern walnut trapeze mosaic orbit',
  'canary thimble glacier pretzel velvet harbor',
] as const
const NOTES = ['canary: the body of a note, as it was first', 'canary: the body of a note, as it is now'] as const

const RECOVERED = 'canary gazebo turnip lacquer bonfire sextant'
const QUESTIONS = ['canary: where was the harbour?', 'canary: who drove the tram?', 'canary: what grew there?']
const ANSWERS = ['Canary Ægir-by-the-Sea', 'Canary Widow Holloway', 'Canary: quinces & rue']

const PATIENCE = { timeout: 30_000 }

const PURPOSES = [
  'codes',
  'seal-records',
  'seal-key-slots',
  'seal-mail',
  'seal-webhooks',
  'seal-questions',
  'verifiers',
  'recovery-links',
  'check',
  'limit-keys',
  'device-cookies',
  'places',
] as const

// One long day of a server, with all that people do and much that they should not; then a look into every corner.
describe('D6: canary secrets', () => {
  const canaries: Canary[] = SECRETS.map((secret) => ({ name: secret, bytes: Buffer.from(secret) }))
  const addresses: Canary[] = []
  const codes: string[] = []
  const lines: string[] = []
  const printed: string[] = []
  const seenOnTheWay: Place[] = []
  let places: Place[]
  let app: TestApp

  const keep = (name: string, text: string) =>
    canaries.push(
      { name, bytes: Buffer.from(text) },
      { name: `${name}, decoded`, bytes: Buffer.from(text, 'base64url') },
    )
  const keepCookies = ({ cookies }: Visitor) => {
    for (const [name, value] of cookies) for (const token of value.split('.')) keep(name, token)
  }

  beforeAll(async () => {
    const spies = [process.stdout, process.stderr].map((stream) =>
      vi.spyOn(stream, 'write').mockImplementation((text) => printed.push(String(text)) > 0),
    )
    const mailbox = testMailbox()
    let failures = 1
    const mailer = {
      ...mailbox.mailer,
      async send(mail: Parameters<typeof mailbox.mailer.send>[0], id: string) {
        // The mail lies in the outbox while it is sent.
        if (seenOnTheWay.length === 0) seenOnTheWay.push(...(await databaseOf(app)))
        if (failures-- > 0)
          throw new Error(`The provider repeats: ${mail.to} ${mail.subject} ${mail.text} ${mail.html}`)
        return mailbox.mailer.send(mail, id)
      },
    }
    const log = openLog({ level: 'debug', pretty: false }, { write: (line) => lines.push(line) })
    app = await startTestApp({ env: { RECORDS_PER_USER: '5' }, replacements: { log, mailer } })
    const masterKey = Buffer.from(app.env['MASTER_KEYS']?.split(':')[1] ?? '', 'base64url')
    expect(masterKey).toHaveLength(32)
    canaries.push({ name: 'the master key', bytes: masterKey })
    for (const purpose of PURPOSES) {
      canaries.push({ name: `the key for ${purpose}`, bytes: app.services.keys.subkey(purpose) })
    }

    const ask = async (browser: Visitor, email: string) => {
      const before = mailbox.mails.filter(({ to }) => to === email).length
      if (before === 0) addresses.push({ name: 'an address', bytes: Buffer.from(email) })
      await browser.graphql(REQUEST, { email, redirectTo: '/notes' })
      await vi.waitFor(async () => {
        app.clock.advance(60_000) // past the wait after a failure
        await app.services.outbox.sendDue()
        expect(mailbox.mails.filter(({ to }) => to === email).length).toBeGreaterThan(before)
      }, PATIENCE)
      const mail = await mailbox.latest(email, before + 1)
      keep('a link', tokenIn(mail))
      codes.push(codeIn(mail))
      keepCookies(browser)
      return { token: tokenIn(mail), code: codeIn(mail) }
    }

    await signInInEveryWay(ask)
    await keepRecords(ask)
    await proveAgain(ask, mailbox)
    await keepNotes(mailbox)
    places = [
      { name: 'the log', content: Buffer.from(lines.join('')) },
      ...(await redisOf(app)),
      ...(await databaseOf(app)),
    ]
    await app.close()
    places.push({ name: 'the log at the end', content: Buffer.from(lines.join('')) })
    for (const spy of spies) spy.mockRestore()
    places.push({ name: 'what was printed', content: Buffer.from(printed.join('')) })
  }, 240_000)
  afterAll(() => app.close())

  type Ask = (browser: Visitor, email: string) => Promise<{ token: string; code: string }>

  async function signInInEveryWay(ask: Ask): Promise<void> {
    const [browser, other, email] = [app.browser(), app.browser(), newAddress()]
    const first = await ask(browser, email)
    await other.graphql(VERIFY, { token: first.token })
    await browser.graphql(VERIFY_CODE, { code: wrongCode(first.code) })
    await browser.graphql(VERIFY_CODE, { code: first.code })
    keepCookies(browser)
    await browser.graphql(VERIFY, { token: first.token })
    const second = await ask(browser, email)
    await browser.graphql(VERIFY, { token: second.token }) // the session's token changes
    keepCookies(browser)
    const third = await ask(other, email)
    await app.browser().graphql(VERIFY, { token: third.token, confirm: true })

    const token = browser.cookies.get('latchkey-session') ?? ''
    for (const init of [
      { headers: { authorization: `Bearer ${token}` } },
      { headers: { cookie: `latchkey-session=${token}; latchkey-session=${token}` } },
      { headers: { origin: 'https://evil.example' } },
    ]) {
      await browser.graphql('{ me { id } }', {}, init)
    }
    await browser.fetch(`/graphql?query={me{id}}&token=${token}`)
    await browser.fetch(`/nowhere/${token}?session=${token}#${token}`)
    await browser.graphql(`{ me { id } ${token.replace(/^[^A-Za-z]*/, '').replaceAll('-', '_')} }`)
    await browser.graphql('{ sessions { id } securityAudit { edges { node { details } } } }')
    await browser.graphql('mutation { revokeOtherSessions { id } }')
    await browser.graphql('mutation { logout }')
  }

  async function proveAgain(ask: Ask, mailbox: TestMailbox): Promise<void> {
    const [browser, other, email] = [app.browser(), app.browser(), newAddress()]
    await browser.graphql(VERIFY, { token: (await ask(browser, email)).token })
    const authenticator = makeAuthenticator(siteOf(app))
    expect((await register(browser, authenticator)).errors).toEqual([])
    const { challengeId, options } = await begin<Request>(other, BEGIN_LOGIN)
    const clientExtensionResults = { prf: { results: { first: SECRETS[4] } } }
    const response = { ...authenticator.get(options), clientExtensionResults }
    expect((await other.graphql(COMPLETE_LOGIN, { challengeId, response })).code).toBe('BAD_INPUT')
    expect((await passkeyLogin(other, authenticator)).errors).toEqual([])
    keepCookies(other)
    expect((await reauthenticate(other, authenticator)).errors).toEqual([])
    keepCookies(other)
    await keepKeys(other)
    await browser.graphql('mutation { requestReauthenticationCode { message } }')
    app.clock.advance(60_000)
    await app.services.outbox.sendDue()
    const mine = mailbox.mails.filter(({ to }) => to === email)
    const withCode = mine.find(({ subject }) => subject.startsWith('Confirm that it is you'))
    if (withCode) codes.push(codeIn(withCode))
    for (const { text } of mailbox.mails) {
      const [, token] = /\/auth\/not-me#([\w-]{43})/.exec(text) ?? []
      if (token) keep('a link that says "not me"', token)
    }
    const disowned = canaries.find(({ name }) => name === 'a link that says "not me"')
    await app.browser().graphql('mutation ($token: String!) { disownAlert(token: $token) }', {
      token: disowned?.bytes.toString(),
    })
    expect(disowned).toBeDefined()
  }

  // What opens the keys must not be guessed at by whoever has the database alone, nor released by what stands in it.
  async function keepKeys(browser: Visitor): Promise<void> {
    const { data } = await browser.graphql<{ me: { id: string } }>('{ me { id } }')
    const userId = rowId(data?.me.id ?? '')
    const input = firstSetup(userId)
    const held = { userId, kid: newKid(), publicKey: input.publicKey, generation: 1, ringRevision: 1 }
    const next = nextKeys(held, { full: true })
    for (const { envelope, verifier } of [...input.slots, ...(next.input.slots ?? [])]) {
      canaries.push({ name: 'the envelope of a slot', bytes: Buffer.from(envelope) })
      for (const part of envelope.split('.').filter(({ length }) => length > 20)) keep('a part of a slot', part)
      if (verifier) keep('a verifier', verifier)
    }
    await browser.graphql(SETUP, { input: { ...input, keySalt: 'refused' } })
    await browser.graphql(SETUP, { input: { ...input, slots: [...input.slots, ...input.slots] } })
    await browser.graphql(SETUP, { input: { ...input, slots: next.input.slots } })
    await whileBroken(() => browser.graphql(SETUP, { input }), 'key_slots')
    expect((await browser.graphql(SETUP, { input })).errors).toEqual([])
    expect((await keysOf(browser))?.slots).toHaveLength(1)
    await whileBroken(() => browser.graphql(ROTATE, { input: next.input }), 'key_rotations')
    expect((await browser.graphql(ROTATE, { input: next.input })).errors).toEqual([])
  }

  // What a person types and what they keep, by the SDK as an app uses it: none of it leaves the device in clear.
  async function keepNotes(mailbox: TestMailbox): Promise<void> {
    const codes: string[] = []
    const known = (name: string, text: string) => canaries.push({ name, bytes: Buffer.from(text) })
    const knownCodes = (shown: readonly string[]) => {
      expect(shown).toHaveLength(8)
      for (const code of shown) {
        known('a recovery code', code)
        known('a recovery code without dashes', code.replaceAll('-', ''))
      }
    }
    for (const passphrase of PASSPHRASES) known('a passphrase', passphrase)
    for (const text of NOTES) known('the text of a note', text)
    const email = newAddress()
    const client = await signInDevice({ ...app, mailbox }, email)
    const done = await client.encryption.setup(steadyPerson(PASSPHRASES[0], codes))
    expect(done.kind).toBe('Enabled')
    knownCodes(codes)
    const notes = client.collection<{ title: string; body: string }>('notes', { encrypted: ['body'] })
    const made = await notes.create({ title: PLAIN_TITLE, body: NOTES[0] })
    await notes.update(made, { body: NOTES[1] })
    await client.encryption.changePassphrase({ current: PASSPHRASES[0], next: PASSPHRASES[1] })
    await client.encryption.rotate()
    await client.encryption.lock()
    await client.encryption.unlock({ passphrase: PASSPHRASES[1] })
    expect((await notes.get(made.id))?.value.body).toBe(NOTES[1])
    await client.encryption.lock()
    await recoverThem({ client, mailbox, email, codes, known, knownCodes })
    expect((await notes.get(made.id))?.value.body).toBe(NOTES[1])
    await client.encryption.lock()
  }

  type Recovering = {
    client: Awaited<ReturnType<typeof signInDevice>>
    mailbox: TestMailbox
    email: string
    codes: readonly string[]
    known: (name: string, text: string) => void
    knownCodes: (shown: readonly string[]) => void
  }

  // By the same client: questions, a wait that is stopped by its link, and a code that opens the keys.
  async function recoverThem({ client, mailbox, email, codes, known, knownCodes }: Recovering): Promise<void> {
    const { encryption } = client
    const user = rowId((await client.me())?.id ?? '')
    for (const text of [...QUESTIONS, ...ANSWERS, RECOVERED]) known('a question, an answer or a passphrase', text)
    const normalised = ANSWERS.map((answer) =>
      answer
        .normalize('NFKC')
        .toLowerCase()
        .replace(/[^\p{L}\p{M}\p{N}]/gu, ''),
    )
    for (const text of normalised) known('an answer as it is used', text)
    for (const code of codes) keep('the verifier of a code', await verifierOfCode(code, user))

    await encryption.setSecurityQuestions({ passphrase: PASSPHRASES[1], questions: QUESTIONS, answers: ANSWERS })
    await encryption.recoveryStatus()
    await encryption.lock()
    await passTime(app, user, 7 * DAY)
    const steps = { newPassphrase: RECOVERED, showCodes: () => true }
    const wrong = encryption.recoverWithQuestions({ answers: { 0: ANSWERS[1] ?? '', 1: ANSWERS[0] ?? '' }, ...steps })
    await expect(wrong).rejects.toMatchObject({ code: 'PROOF_INVALID' })
    const waits = await encryption.recoverWithQuestions({
      answers: { 0: ANSWERS[0] ?? '', 2: ANSWERS[2] ?? '' },
      ...steps,
    })
    expect(waits.kind).toBe('Waiting')
    const stops = () =>
      mailbox.mails.filter(({ to }) => to === email).flatMap(({ text }) => CANCEL_LINK.exec(text)?.[1] ?? [])
    await vi.waitFor(async () => {
      await app.services.outbox.sendDue()
      expect(stops().length).toBeGreaterThan(0)
    }, PATIENCE)
    for (const token of stops()) keep('a link that stops a recovery', token)
    await expect(encryption.cancelRecovery(stops().at(-1) ?? '')).resolves.toBe(true)
    await expect(encryption.cancelRecovery(stops().at(-1) ?? '')).rejects.toMatchObject({ code: 'LINK_INVALID' })

    const renewed: string[] = []
    const done = await encryption.recoverWithCode({
      code: codes[0] ?? '',
      newPassphrase: RECOVERED,
      showCodes: ({ codes: shown }) => renewed.push(...shown) > 0,
    })
    expect(done.kind).toBe('Recovered')
    knownCodes(renewed)
    for (const code of renewed) keep('the verifier of a code', await verifierOfCode(code, user))
    const used = encryption.recoverWithCode({ code: codes[0] ?? '', ...steps })
    await expect(used).rejects.toMatchObject({
      code: expect.stringMatching(/^(PROOF_INVALID|RATE_LIMITED)$/) as string,
    })
  }

  async function keepRecords(ask: Ask): Promise<void> {
    const [browser, email] = [app.browser(), newAddress()]
    await browser.graphql(VERIFY, { token: (await ask(browser, email)).token })
    keepCookies(browser)
    const { id } = await made(browser, { title: PLAIN_TITLE, secret: SECRETS[0] })
    await update(browser, { id, revision: 1, secret: { deep: [SECRETS[1]] } })
    await update(browser, { id, revision: 1, secret: SECRETS[0] })
    await read(browser, id)
    await list(browser)
    await create(browser, { id, secret: SECRETS[0] })
    await create(browser, { secret: SECRETS[0]?.repeat(2_000) })
    await create(browser, {
      secret: JSON.parse('['.repeat(40) + JSON.stringify(SECRETS[2]) + ']'.repeat(40)) as unknown,
    })
    await create(browser, { collection: { secret: SECRETS[2] }, title: [SECRETS[2]] })
    await browser.graphql(
      `mutation { createRecord(input: { collection: "n", secret: ${JSON.stringify(SECRETS[3])} }) { secret } }`,
    )
    await browser.graphql(`mutation { createRecord(input: { collection: "n", secret: ${JSON.stringify(SECRETS[3])} `)
    await browser.graphql('', {}, { body: `{"query": "${SECRETS[3]}` })
    await browser.graphql('query ($secret: Nothing) { me { id } }', { secret: SECRETS[3] })
    await whileBroken(() => create(browser, { secret: SECRETS[0] }))
    await whileBroken(() => update(browser, { id, revision: 2, secret: SECRETS[0] }))
    await whileBroken(() => read(browser, id))
    await app.services.database.systemDb.record.updateMany({
      where: { title: PLAIN_TITLE },
      data: { secretSealed: 'v1.test.AAAA' },
    })
    await read(browser, id)
    app.clock.advance(16 * 60_000)
    await read(browser, id)
    for (let count = 0; count < 6; count++) await create(browser, { title: PLAIN_TITLE, secret: SECRETS[1] })
    await remove(browser, { id: newId() })
  }

  async function whileBroken(work: () => Promise<{ code: string | null }>, table = 'records'): Promise<void> {
    const { systemDb } = app.services.database
    await systemDb.$executeRawUnsafe(`ALTER TABLE ${table} RENAME TO lost`)
    expect((await work()).code).toBe('INTERNAL')
    await systemDb.$executeRawUnsafe(`ALTER TABLE lost RENAME TO ${table}`)
  }

  test('the search sees what it looks for: what may be read is there, also in disguise', () => {
    const inThe = (name: string) => places.filter((place) => place.name.startsWith(name))
    const seen = sightings([{ name: 'title', bytes: Buffer.from(PLAIN_TITLE) }], places)
    expect(seen.join()).toMatch(/title as itself in the (file|table)/)
    const bytes = canaries[0]?.bytes ?? Buffer.alloc(0)
    const disguises = ['hex', 'base64', 'base64url'] as const
    for (const form of disguises) {
      for (const before of ['', '.', '..']) {
        const content = Buffer.from(
          `... ${Buffer.concat([Buffer.from(before), bytes, Buffer.from('!')]).toString(form)} ...`,
        )
        expect(sightings(canaries.slice(0, 1), [{ name: 'here', content }]).join()).toContain(form)
      }
    }
    expect(sightingsOfCode('123456', [{ name: 'here', content: Buffer.from('type 123 456 there') }])).toEqual([
      'a code in here',
    ])
    expect(lines.join('')).toContain('graphql.unexpected')
    expect(inThe('the log')[0]?.content.length).toBeGreaterThan(1_000)
    if (app.services.redis) expect(inThe('Redis')[0]?.content.toString()).toContain('latchkey:{limits}:')
    // The hash of a session's token is what the database holds of it.
    const session = canaries.findLast(({ name }) => name === 'latchkey-session')
    const hash = createHash('sha256')
      .update(session?.bytes.toString() ?? '')
      .digest('base64url')
    expect(sightings([{ name: 'hash', bytes: Buffer.from(hash) }], places).join()).toMatch(
      /hash as itself in the (file|table)/,
    )
    expect(Buffer.concat(seenOnTheWay.map(({ content }) => content)).toString('latin1')).toMatch(/v1\.test\.[\w-]{200}/) // the waiting mail
    expect([codes.length, canaries.length > 30]).toEqual([6, true])
  })

  test('D6: no token, cookie, code, secret or key stands in clear in the log, in Redis or in the database', () => {
    expect(sightings(canaries, [...places, ...seenOnTheWay])).toEqual([])
    expect(codes.flatMap((code) => sightingsOfCode(code, [...places, ...seenOnTheWay]))).toEqual([])
  })

  test('D6: nor does an address of a person, in Redis', () => {
    const redis = places.filter(({ name }) => name === 'Redis')
    expect(addresses).toHaveLength(3)
    expect(sightings(addresses, redis)).toEqual([])
    expect(sightings(addresses, places).length).toBeGreaterThan(0) // in the database it is in clear
  })
})
