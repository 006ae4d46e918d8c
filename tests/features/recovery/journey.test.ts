import { describe, expect, test } from 'vitest'
import { createClient, EncryptionKeysDocument, fetchWithCookies, isLatchkeyError } from '../../../src/client/index.ts'
import type { LatchkeyClient, RecoverySteps, SetupSteps } from '../../../src/client/index.ts'
import { DAY, passTime } from '../../attacks/recovery-support.ts'
import type { TestApp } from '../../support/app.ts'
import {
  encryptedDevice,
  operationIn,
  PASSPHRASE,
  signInDevice,
  startRoomyApp,
  steadyPerson,
} from '../../support/devices.ts'
import type { Network } from '../../support/devices.ts'
import { rowId, siteOf } from '../../support/passkeys.ts'
import { newId } from '../records/support.ts'
import { letFreshStartPass } from './support.ts'

// What an app does with the SDK for somebody who cannot unlock any more: the real server, over HTTP.

type Note = { title?: string; body?: string }

const NEXT = 'gravel lantern mimic trombone ochre sudden'
const QUESTIONS = ['Who lived next door?', 'Where was the first holiday?', 'What did you ride to school?']
const ANSWERS = ['Rosa Müller', 'Little Rock', 'Blue Bicycle']

const notesOf = (client: LatchkeyClient) => client.collection<Note>('notes', { encrypted: ['body'] })

const refused = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => expect.unreachable('It should have been refused.'),
    (error: unknown) => (isLatchkeyError(error) ? error.code : error),
  )

// Each secret that is tried is stretched, and two cores do other things besides.
const SLOW = 240_000

const never = (): never => expect.unreachable('Nothing is to be asked here.')

/** Somebody who recovers without a slip, and what they write down. */
function steady(codes: string[] = []): RecoverySteps & { codes: string[] } {
  return {
    codes,
    newPassphrase: NEXT,
    showCodes: (shown) => {
      codes.splice(0, codes.length, ...shown.codes)
      return true
    },
    typeBack: ({ positions }) => positions.map((position) => codes[position - 1] ?? ''),
  }
}

/** Somebody with a note, and a device of theirs that cannot unlock. `sent` are the names of its requests. */
async function lockedOut(app: TestApp, email?: string) {
  const { client, codes, ...owner } = await encryptedDevice(app, email)
  const note = await notesOf(client).create({ title: 'Diary', body: 'kept through it all' })
  const sent: string[] = []
  const network: Network = (send) => (input, init) => {
    sent.push(operationIn(init).name)
    return send(input, init)
  }
  const device = await signInDevice(app, owner.email, { network })
  sent.length = 0
  const userId = rowId((await client.me())?.id ?? '')
  return { ...owner, client, codes, note, device, sent, userId }
}

/** Somebody who is not signed in. */
const anybody = (app: TestApp): LatchkeyClient =>
  createClient({ url: new URL('/graphql', app.url).href, fetch: fetchWithCookies({ origin: siteOf(app) }) })

/** The body of a note on a device. */
const bodyOn = async (device: LatchkeyClient, id: string) => (await notesOf(device).get(id))?.value.body

describe('by a recovery code', () => {
  test(
    'everything is opened and new: the old passphrase, codes and sessions are over, the old note opens',
    async () => {
      const app = await startRoomyApp()
      const { client, codes, device, email, note, userId } = await lockedOut(app)
      expect(await device.encryption.recoveryStatus()).toMatchObject({
        methods: ['RECOVERY_CODE'],
        recoveryCodesLeft: 8,
      })
      const steps = steady()
      const outcome = await device.encryption.recoverWithCode({ code: ` ${codes[2]?.toLowerCase()} `, ...steps })
      expect(outcome).toMatchObject({
        kind: 'Recovered',
        passkeys: [],
        passkeysLost: [],
        questionsLost: false,
        unreadable: [],
        rotation: { recordsLeft: 0 },
      })
      expect(await bodyOn(device, note.id)).toBe('kept through it all')
      expect(await device.encryption.status()).toMatchObject({ generation: 2, ringRevision: 2, recoveryCodesLeft: 8 })
      expect(await device.encryption.recoveryStatus()).toMatchObject({ request: { state: 'COMPLETED' } })
      expect(await refused(client.records())).toBe('UNAUTHENTICATED')

      const other = await signInDevice(app, email)
      expect(await refused(other.encryption.unlock({ passphrase: PASSPHRASE }))).toBe('SECRET_WRONG')
      await other.encryption.unlock({ passphrase: NEXT })
      expect(await bodyOn(other, note.id)).toBe('kept through it all')

      await passTime(app, userId, 2 * DAY)
      for (const code of codes)
        expect(await refused(other.encryption.recoverWithCode({ code, ...steps }))).toBe('PROOF_INVALID')
      const [fresh = ''] = steps.codes
      expect(await other.encryption.recoverWithCode({ code: fresh, ...steady() })).toMatchObject({ kind: 'Recovered' })
      expect(await bodyOn(other, note.id)).toBe('kept through it all')
    },
    SLOW,
  )

  test('a slip is told before anything is sent, a weak passphrase before a recovery is begun', async () => {
    const app = await startRoomyApp()
    const { codes, device, sent } = await lockedOut(app)
    const [code = ''] = codes
    const steps = { ...steady(), showCodes: never }
    expect(await refused(device.encryption.recoverWithCode({ ...steps, code: code.slice(1) }))).toBe('BAD_INPUT')
    expect(sent).toEqual([])
    expect(await refused(device.encryption.recoverWithCode({ ...steps, code, newPassphrase: 'letmein' }))).toBe(
      'PASSPHRASE_WEAK',
    )
    expect(sent).toEqual(['RecoveryStatus'])
    expect(await device.encryption.recoveryStatus()).toMatchObject({ request: null, recoveryCodesLeft: 8 })
  })

  test('a wrong code opens nothing, and costs none; called off before, none is used up', async () => {
    const app = await startRoomyApp()
    const { codes, device } = await lockedOut(app)
    const wrong = { code: '0123-4567-89AB-CDEF-GHJK-MNPQ', ...steady(), showCodes: never }
    expect(await refused(device.encryption.recoverWithCode(wrong))).toBe('PROOF_INVALID')
    const off = { code: codes[0] ?? '', choosePassphrase: () => null, showCodes: never }
    expect(await device.encryption.recoverWithCode(off)).toEqual({ kind: 'CalledOff', at: 'choosePassphrase' })
    expect(await device.encryption.recoveryStatus()).toMatchObject({
      recoveryCodesLeft: 8,
      request: { state: 'READY' },
    })
    expect(device.encryption.isUnlocked).toBe(false)
  })

  test('called off while the new codes are shown, nothing is changed, and the same code goes on', async () => {
    const app = await startRoomyApp()
    const { codes, client, device, note, sent } = await lockedOut(app)
    const [code = ''] = codes
    const off = { ...steady(), code, typeBack: () => null }
    expect(await device.encryption.recoverWithCode(off)).toEqual({ kind: 'CalledOff', at: 'typeBack' })
    expect(await client.encryption.status()).toMatchObject({ generation: 1, recoveryCodesLeft: 7 })
    const asked: unknown[] = []
    const { showCodes } = steady()
    const outcome = await device.encryption.recoverWithCode({
      code,
      choosePassphrase: ({ proposal, fault }) => {
        asked.push(fault?.weak)
        return fault ? proposal : 'too easy'
      },
      showCodes,
    })
    expect(outcome).toMatchObject({ kind: 'Recovered' })
    expect(asked).toEqual([undefined, true])
    expect(sent.filter((name) => name === 'VerifyRecovery')).toHaveLength(1)
    expect(await bodyOn(device, note.id)).toBe('kept through it all')
  })

  test('whoever stops it by the link of the mail ends it, also once the code was shown', async () => {
    const app = await startRoomyApp()
    const { codes, client, device, email } = await lockedOut(app)
    const [code = '', another = ''] = codes
    const off = { ...steady(), code, typeBack: () => null }
    await device.encryption.recoverWithCode(off)
    const { text } = await app.mailbox.latest(email, 1, (mail) => mail.text.includes('/auth/cancel-recovery#'))
    const token = /cancel-recovery#([\w-]{43})/.exec(text)?.[1] ?? ''
    expect(await anybody(app).encryption.cancelRecovery(token)).toBe(true)
    expect(await refused(client.encryption.cancelRecovery(token))).toBe('LINK_INVALID')
    for (const next of [code, another]) {
      expect(await refused(device.encryption.recoverWithCode({ ...steady(), code: next }))).toBe('RECOVERY_UNAVAILABLE')
    }
    expect(await client.encryption.cancelOpenRecovery()).toBe(false)
    expect(await client.encryption.status()).toMatchObject({ generation: 1, recoveryCodesLeft: 7 })
  })
})

describe('by two answers', () => {
  test(
    'that are right open everything once 48 hours have passed, however they are written; nothing is asked before',
    async () => {
      const app = await startRoomyApp()
      const { client, device, note, userId, email } = await lockedOut(app)
      const set = { passphrase: PASSPHRASE, questions: QUESTIONS, answers: ANSWERS }
      expect(await client.encryption.setSecurityQuestions(set)).toMatchObject({ questions: QUESTIONS })
      const first = { answers: { 0: 'Rosa Müller', 2: 'Blue Bicycle' }, choosePassphrase: never, showCodes: never }
      expect(await refused(device.encryption.recoverWithQuestions(first))).toBe('RECOVERY_UNAVAILABLE') // set a moment ago
      await passTime(app, userId, 7 * DAY)

      const waiting = await device.encryption.recoverWithQuestions(first)
      if (waiting.kind !== 'Waiting') return expect.unreachable(waiting.kind)
      const wrong = { ...first, answers: { 0: 'Rosa Müller', 2: 'Red Bicycle' } }
      expect(await refused(device.encryption.recoverWithQuestions(wrong))).toBe('PROOF_INVALID')
      await passTime(app, userId, DAY)
      const again = await device.encryption.recoverWithQuestions({
        ...first,
        answers: { 1: 'little rock', 2: 'BLUEBICYCLE!' },
      })
      expect(again).toMatchObject({ kind: 'Waiting', request: { id: waiting.request.id } })
      expect(device.encryption.isUnlocked).toBe(false)

      await passTime(app, userId, DAY)
      // Another device, which knows nothing of the first.
      const later = await signInDevice(app, email)
      const answers = { 0: ' rosa mu\u0308ller', 2: 'BLUE-bicycle' }
      const outcome = await later.encryption.recoverWithQuestions({ answers, ...steady() })
      expect(outcome).toMatchObject({ kind: 'Recovered', questionsLost: true, unreadable: [] })
      expect(await bodyOn(later, note.id)).toBe('kept through it all')
      expect(await later.encryption.status()).toMatchObject({ securityQuestionsSet: false, generation: 2 })
      expect(await later.encryption.recoveryStatus()).toMatchObject({ questions: [], questionsSalt: null })
      expect(await refused(client.records())).toBe('UNAUTHENTICATED')
    },
    SLOW,
  )

  test('slips are told before anything is sent', async () => {
    const app = await startRoomyApp()
    const { client, device, sent } = await lockedOut(app)
    const steps = { ...steady(), showCodes: never }
    for (const answers of [{}, { 0: 'Rosa' }, { 0: 'Rosa', 1: 'no' }, { 0: 'Rosa', 1: 'Rock', 2: 'Blue' }]) {
      expect(await refused(device.encryption.recoverWithQuestions({ answers, ...steps }))).toBe('BAD_INPUT')
    }
    expect(sent).toEqual([])
    const set = { passphrase: PASSPHRASE, questions: QUESTIONS, answers: ANSWERS }
    for (const answers of [
      ['Rosa Müller', 'no', 'Blue'],
      ['Rosa', 'ROSA!', 'Blue'],
      ['Rosa', 'Little Rock', 'School'],
    ]) {
      expect(await refused(client.encryption.setSecurityQuestions({ ...set, answers }))).toBe('BAD_INPUT')
    }
    const wrong = { ...set, passphrase: NEXT }
    expect(await refused(client.encryption.setSecurityQuestions(wrong))).toBe('SECRET_WRONG')
    expect(await client.encryption.recoveryStatus()).toMatchObject({ questions: [], request: null })
  })

  test(
    'go when they are taken away, and with the master key, which says so',
    async () => {
      const app = await startRoomyApp()
      const { client } = await encryptedDevice(app)
      const set = { passphrase: PASSPHRASE, questions: QUESTIONS, answers: ANSWERS }
      await client.encryption.setSecurityQuestions(set)
      expect(await client.encryption.rotate()).toMatchObject({ kind: 'Rotated', questionsLost: false })
      expect(await client.encryption.status()).toMatchObject({ securityQuestionsSet: true })
      expect(await client.encryption.removeSecurityQuestions()).toMatchObject({ questions: [] })
      expect(await refused(client.encryption.removeSecurityQuestions())).toBe('NOT_FOUND')
      await client.encryption.setSecurityQuestions(set)
      const everything = { passphrase: PASSPHRASE, showCodes: () => true }
      expect(await client.encryption.rotate({ everything })).toMatchObject({ kind: 'Rotated', questionsLost: true })
      expect(await client.encryption.status()).toMatchObject({ securityQuestionsSet: false })
    },
    SLOW,
  )

  test(
    'two devices that change the ways to unlock together: what was set last is made for what is in force',
    async () => {
      const app = await startRoomyApp()
      const { client, email } = await encryptedDevice(app)
      const sent: string[] = []
      const network: Network = (send) => async (input, init) => {
        const { name } = operationIn(init)
        sent.push(name)
        const isFirst = sent.filter((each) => each === name).length === 1
        if (name === 'SetSecurityQuestions' && isFirst) {
          await client.encryption.changePassphrase({ current: PASSPHRASE, next: `${PASSPHRASE} again` })
          await client.encryption.changePassphrase({ current: `${PASSPHRASE} again`, next: PASSPHRASE })
        }
        return send(input, init)
      }
      const other = await signInDevice(app, email, { network })
      const set = { passphrase: PASSPHRASE, questions: QUESTIONS, answers: ANSWERS }
      expect(await other.encryption.setSecurityQuestions(set)).toMatchObject({ questions: QUESTIONS })
      expect(sent.filter((name) => name === 'SetSecurityQuestions')).toHaveLength(2)
    },
    SLOW,
  )
})

describe('without any way in', () => {
  const begin = (codes: string[] = []): SetupSteps => steadyPerson(NEXT, codes)

  test('a fresh start gives new keys once its time has come', async () => {
    const app = await startRoomyApp()
    const { device, email, note, userId } = await lockedOut(app)
    expect(await refused(device.encryption.completeFreshStart({ ...begin(), explain: never }))).toBe(
      'RECOVERY_NOT_OPEN',
    )
    expect(await refused(device.encryption.requestFreshStart('somebody@else.example'))).toBe('BAD_INPUT')
    expect(await device.encryption.requestFreshStart(email)).toMatchObject({
      freshStart: { deviceName: expect.any(String) },
    })
    expect(await refused(device.encryption.completeFreshStart(begin()))).toBe('RECOVERY_UNAVAILABLE')

    await letFreshStartPass(app, userId, 7 * DAY)
    const off = { ...begin(), typeBack: () => null }
    expect(await device.encryption.completeFreshStart(off)).toEqual({ kind: 'CalledOff', at: 'typeBack' })
    const codes: string[] = []
    const done = await device.encryption.completeFreshStart(begin(codes))
    expect(done).toMatchObject({ kind: 'Enabled', status: { generation: 2, recoveryCodesLeft: 8 } })
    expect((await notesOf(device).get(note.id))?.keyState).toBe('UNREADABLE')
    const made = await notesOf(device).create({ body: 'begun anew' })
    const other = await signInDevice(app, email)
    await other.encryption.unlock({ passphrase: NEXT })
    expect(await bodyOn(other, made.id)).toBe('begun anew')
  })

  test(
    'a passphrase that is found again takes back what the old keys encrypted, cut off or not',
    async () => {
      const app = await startRoomyApp()
      const { client, device, email, note, userId } = await lockedOut(app)
      const another = await notesOf(client).create({ body: 'another' })
      const foreign = { userId, id: newId(), revision: 1 }
      const { publicKey } = (await client.request(EncryptionKeysDocument, {})).encryptionKeys ?? {}
      const encryptedData = await client.encryption.encryptData({ body: 'from a friend' }, publicKey, foreign)
      await client.createRecord({ id: foreign.id, collection: 'notes', encryptedData })
      expect(await device.encryption.takeBackFormer({ passphrase: PASSPHRASE })).toBeNull()
      await device.encryption.requestFreshStart(email)
      await letFreshStartPass(app, userId, 7 * DAY)
      await device.encryption.completeFreshStart(begin())
      const made = await notesOf(device).create({ body: 'begun anew' })

      expect(await refused(device.encryption.takeBackFormer({ passphrase: NEXT }))).toBe('SECRET_WRONG')
      let written = 0
      const network: Network = (send) => (input, init) => {
        const { name } = operationIn(init)
        if (name === 'UpdateRecord') written += 1
        if (name === 'UpdateRecord' && written === 2) throw new TypeError('The cable was pulled.')
        return send(input, init)
      }
      const cutOff = await signInDevice(app, email, { network })
      await cutOff.encryption.unlock({ passphrase: NEXT })
      expect(await refused(cutOff.encryption.takeBackFormer({ passphrase: PASSPHRASE }))).toBe('NETWORK')
      const told: number[] = []
      const onProgress = ({ records }: { records: number }) => void told.push(records)
      const rest = await cutOff.encryption.takeBackFormer({ passphrase: PASSPHRASE, onProgress })
      expect(told).toEqual([1, 2])
      expect(rest).toEqual({ kind: 'TakenBack', records: 2, unreadable: [] })
      expect(await bodyOn(device, note.id)).toBe('kept through it all')
      expect(await bodyOn(device, another.id)).toBe('another')
      expect(await bodyOn(device, made.id)).toBe('begun anew')
      const friends = await notesOf(device).get(foreign.id)
      expect(friends).toMatchObject({ keyState: 'UNVERIFIED', value: { body: 'from a friend' } })
      expect(await device.encryption.takeBackFormer({ passphrase: PASSPHRASE })).toMatchObject({ records: 0 })
    },
    SLOW,
  )

  test(
    'a second fresh start hides nothing: each passphrase takes back its own, and so does a code of the first keys',
    async () => {
      const app = await startRoomyApp()
      const { client, codes, device, email, note, userId } = await lockedOut(app)
      const another = await notesOf(client).create({ body: 'another' })
      const startAnew = async (passphrase: string) => {
        await device.encryption.requestFreshStart(email)
        await letFreshStartPass(app, userId, 7 * DAY)
        const steps = { ...begin(), choosePassphrase: () => passphrase }
        expect(await device.encryption.completeFreshStart(steps)).toMatchObject({ kind: 'Enabled' })
      }
      await startAnew(NEXT)
      const between = await notesOf(device).create({ body: 'between the two' })
      const last = 'orchid walnut pepper saddle nimbus quarry'
      await startAnew(last)

      expect(await refused(device.encryption.takeBackFormer({ passphrase: last }))).toBe('SECRET_WRONG')
      expect(await refused(device.encryption.takeBackFormer({ code: 'no code' }))).toBe('BAD_INPUT')
      const byNext = await device.encryption.takeBackFormer({ passphrase: NEXT })
      expect(byNext).toMatchObject({ records: 1, unreadable: expect.arrayContaining([note.id, another.id]) })
      expect(await bodyOn(device, between.id)).toBe('between the two')
      const byCode = await device.encryption.takeBackFormer({ code: codes[3]?.toLowerCase() ?? '' })
      expect(byCode).toEqual({ kind: 'TakenBack', records: 2, unreadable: [] })
      expect(await bodyOn(device, note.id)).toBe('kept through it all')
      expect(await bodyOn(device, another.id)).toBe('another')
    },
    SLOW,
  )

  test('it is stopped from any session', async () => {
    const app = await startRoomyApp()
    const { client, device, email } = await lockedOut(app)
    await device.encryption.requestFreshStart(email)
    expect(await client.encryption.cancelOpenRecovery()).toBe(true)
    expect(await device.encryption.recoveryStatus()).toMatchObject({ freshStart: null })
    expect(await refused(device.encryption.completeFreshStart(begin()))).toBe('RECOVERY_NOT_OPEN')
  })
})
