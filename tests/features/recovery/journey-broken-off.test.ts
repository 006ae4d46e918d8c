import { expect, test } from 'vitest'
import { createClient, fetchWithCookies, isLatchkeyError, type LatchkeyClient } from '../../../src/client/index.ts'
import { DAY, passTime } from '../../attacks/recovery-support.ts'
import { encryptedDevice, operationIn, PASSPHRASE, signInDevice, startRoomyApp } from '../../support/devices.ts'
import type { Network } from '../../support/devices.ts'
import { isSignInMail, tokenIn } from '../../support/mailbox.ts'
import { rowId, siteOf } from '../../support/passkeys.ts'

// R6: a recovery that is cut off at each of its requests: what was encrypted opens by one secret or the other.

type Note = { body?: string }

const NEXT = 'gravel lantern mimic trombone ochre sudden'
const notesOf = (client: LatchkeyClient) => client.collection<Note>('notes', { encrypted: ['body'] })
const bodyOn = async (device: LatchkeyClient, id: string) => (await notesOf(device).get(id))?.value.body

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: unknown) => (isLatchkeyError(error) ? error.code : error),
  )

test('R6: cut off at each of its requests, the same call goes on, and nothing is lost', async () => {
  const app = await startRoomyApp()
  const { client, email, codes } = await encryptedDevice(app)
  const userId = rowId((await client.me())?.id ?? '')
  const note = await notesOf(client).create({ body: 'kept through it all' })
  let left = Number.POSITIVE_INFINITY
  let cut: 'request' | 'answer' = 'request'
  let lastSent = ''
  const network: Network = (send) => async (input, init) => {
    left -= 1
    if (left >= 0) return send(input, init)
    if (left === -1) lastSent = operationIn(init).name
    if (left === -1 && cut === 'answer') await (await send(input, init)).text()
    throw new TypeError('The cable was pulled.')
  }
  const device = await signInDevice(app, email, { network })
  const other = await signInDevice(app, email)
  let passphrase = PASSPHRASE
  const interrupted = new Set<string>()
  for (const each of ['request', 'answer'] as const) {
    cut = each
    for (let requests = 0, isOver = false; !isOver; requests++) {
      const at = `after ${requests}, ${cut}`
      const next = `${NEXT} ${cut} ${requests}`
      const { generation } = await device.encryption.status()
      const [code = ''] = codes
      let shown: readonly string[] = []
      const showCodes = (given: { codes: readonly string[] }) => {
        shown = given.codes
        return true
      }
      left = requests
      const failed = await codeOf(device.encryption.recoverWithCode({ code, newPassphrase: next, showCodes }))
      left = Number.POSITIVE_INFINITY
      const isChanged = (await device.encryption.status()).generation > generation
      if (isChanged) {
        passphrase = next
        codes.splice(0, codes.length, ...shown)
        await passTime(app, userId, 2 * DAY) // one recovery of a kind in a day
      }
      if (failed === null) {
        isOver = true
        expect(isChanged, at).toBe(true)
        continue
      }
      if (failed === 'PROOF_INVALID') {
        codes.shift() // its answer was lost
        requests -= 1
        continue
      }
      expect(failed, at).toBe('NETWORK')
      interrupted.add(`${lastSent}, ${cut}`)
    }
  }
  await device.encryption.lock()
  await device.encryption.unlock({ passphrase })
  await device.encryption.resumeRotation()
  expect(await bodyOn(device, note.id)).toBe('kept through it all')
  expect(await codeOf(other.records())).toBe('UNAUTHENTICATED')
  for (const operation of [
    'RecoveryStatus',
    'InitiateRecovery',
    'VerifyRecovery',
    'CompleteRecovery',
    'ReencryptRecords',
  ])
    for (const what of ['request', 'answer']) expect(interrupted).toContain(`${operation}, ${what}`)
}, 480_000)

test('where the answer to the new keys is lost with its cookie, the new passphrase opens after another sign-in', async () => {
  const app = await startRoomyApp()
  const { client, email, codes } = await encryptedDevice(app)
  const note = await notesOf(client).create({ body: 'kept through it all' })
  const losing: typeof fetch = async (input, init) => {
    const query = input instanceof Request ? await input.clone().text() : ''
    const answer = await fetch(input, init)
    if (!query.includes('completeRecovery(')) return answer
    await answer.text()
    throw new TypeError('The cable was pulled.')
  }
  const device = createClient({
    url: new URL('/graphql', app.url).href,
    fetch: fetchWithCookies({ origin: siteOf(app), fetch: losing }),
  })
  const sent = app.mailbox.mails.filter((mail) => mail.to === email && isSignInMail(mail)).length
  await device.requestMagicLink({ email })
  await device.verifyMagicLink({ token: tokenIn(await app.mailbox.latest(email, sent + 1, isSignInMail)) })
  const recovering = device.encryption.recoverWithCode({
    code: codes[0] ?? '',
    newPassphrase: NEXT,
    showCodes: () => true,
  })
  await expect(recovering).rejects.toMatchObject({
    code: 'NETWORK',
    message: expect.stringContaining('unlock by the new passphrase'),
  })

  const again = await signInDevice(app, email)
  await again.encryption.unlock({ passphrase: NEXT })
  expect(await again.encryption.resumeRotation()).toMatchObject({ unreadable: [] })
  expect(await bodyOn(again, note.id)).toBe('kept through it all')
}, 240_000)
