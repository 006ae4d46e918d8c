import { MessageChannel } from 'node:worker_threads'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { v7 as uuidv7 } from 'uuid'
import { isLatchkeyError } from '../../../src/client/errors.ts'
import { makeVault } from '../../../src/client/encryption/make-vault.ts'
import { openVault } from '../../../src/client/encryption/open-vault.ts'
import { serveVault } from '../../../src/client/encryption/serve-vault.ts'
import type { SealedKeys, Vault } from '../../../src/client/encryption/vault.ts'
import { VAULT_CALLS } from '../../../src/client/encryption/vault-messages.ts'
import type { VaultCall } from '../../../src/client/encryption/vault-messages.ts'
import type { WorkerLike } from '../../../src/client/encryption/worker-vault.ts'
import { codeOf, decryptOne, EMAIL, encryptOne, PASSPHRASE, prfOf, sealedKeys, sealedSlot } from './account.ts'

/*
 * Both ends of the protocol, in one process: what passes is cloned as between a page and its Worker. The Worker itself, as
 * it is built, runs in worker-browser.test.ts.
 */

type Started = { sent: VaultCall[]; fail(): void; ended: boolean }

/** A vault behind a channel, and each Worker that it started. */
function vaultInChannel(serve: () => Vault = makeVault): { vault: Vault; started: Started[] } {
  const started: Started[] = []
  const worker = (): WorkerLike => {
    const { port1, port2 } = new MessageChannel()
    onTestFinished(() => port1.close())
    const port = {
      postMessage: (answer: unknown) => port2.postMessage(answer),
      addEventListener: (_: 'message', listener: (event: { data: unknown }) => void) =>
        void port2.on('message', (data) => listener({ data })),
    }
    serveVault(port, serve())
    const failures: (() => void)[] = []
    const one: Started = { sent: [], ended: false, fail: () => failures.forEach((listener) => listener()) }
    started.push(one)
    return {
      postMessage(call) {
        one.sent.push(structuredClone(call))
        port1.postMessage(call)
      },
      addEventListener(type: string, listener: (event: { data: unknown }) => void) {
        if (type === 'message') port1.on('message', (data) => listener({ data }))
        if (type === 'error') failures.push(() => listener({ data: null }))
      },
      terminate() {
        one.ended = true
        port1.close()
      },
    }
  }
  return { vault: openVault({ worker }), started }
}

async function unlocked() {
  const { vault, started } = vaultInChannel()
  const user = uuidv7()
  const made = await vault.make({ user, email: EMAIL, passphrase: PASSPHRASE, generation: 1, ringRevision: 1 })
  const keys = sealedKeys(made, { generation: 1, ringRevision: 1 })
  await vault.unlock({ user, keys, opener: codeOf(made), seen: null })
  return { vault, started, user, made, keys }
}

const code = (wanted: string) => expect.objectContaining({ code: wanted })

const NO_KEYS: SealedKeys = {
  encryptedPrivateKey: '',
  publicKey: null,
  keySalt: '',
  keyId: '',
  generation: 1,
  ringRevision: 1,
  slots: [],
}

/** A vault whose calls never answer. */
const silent = (): Vault => ({ ...makeSilent(), lock: async () => {} })
const makeSilent = () =>
  Object.fromEntries(VAULT_CALLS.map((name) => [name, () => new Promise(() => {})])) as unknown as Omit<Vault, 'lock'>

describe('a vault in a Worker', () => {
  test('does what a vault in the process does', async () => {
    const { vault, made, keys } = await unlocked()
    const record = uuidv7()
    const envelope = await encryptOne(vault, record, 1, { text: 'through a Worker' })
    expect(await decryptOne(vault, record, 1, envelope)).toEqual({
      ok: true,
      value: { text: 'through a Worker' },
      verified: true,
    })
    const many = await Promise.all([1, 2, 3, 4].map((value) => encryptOne(vault, record, 1, value)))
    const opened = await Promise.all(many.map((each) => decryptOne(vault, record, 1, each)))
    expect(opened.map((each) => each.ok && each.value)).toEqual([1, 2, 3, 4])
    const passkey = { passkeyId: 'passkey_1', prf: prfOf(1), again: prfOf(1) }
    const slot = await vault.sealForPasskey({ keys, opener: codeOf(made), ...passkey })
    expect(sealedSlot(slot)).toMatchObject({ kind: 'PASSKEY', passkeyId: 'passkey_1' })
    expect(await vault.state()).toEqual({ keyId: keys.keyId, generation: 1, ringRevision: 1 })
  })

  test('is started when it is first needed, and not before', async () => {
    const { vault, started } = vaultInChannel()
    expect(await vault.state()).toBeNull()
    await vault.lock()
    await expect(vault.encrypt([])).rejects.toEqual(code('ENCRYPTION_LOCKED'))
    expect(started).toEqual([])
  })

  test('derives what has a slot released before any keys are unlocked', async () => {
    const { made, user } = await unlocked()
    const { vault, started } = vaultInChannel()
    const [code = ''] = made.codes
    expect(await vault.verifierOfCode({ user, code })).toBe(made.slots[1]?.verifier)
    const two = { salt: made.keySalt, first: 0, second: 2, answers: ['Rosa', 'Rex'] as const }
    expect(await vault.verifierOfAnswers({ user, ...two })).toBe(await makeVault().verifierOfAnswers({ user, ...two }))
    expect([started.length, await vault.state()]).toEqual([1, null])
  })

  test('refuses with the same codes and details', async () => {
    const { vault, user, keys } = await unlocked()
    const place = { record: uuidv7(), revision: 1 }
    const tooLarge = await vault.encrypt([{ ...place, value: 'x'.repeat(80_000) }]).catch((error: unknown) => error)
    expect(isLatchkeyError(tooLarge, 'TOO_LARGE')).toBe(true)
    expect(tooLarge).toMatchObject({ field: 'value', limit: 98_304 })
    await expect(vault.encrypt([{ ...place, value: undefined }])).rejects.toEqual(code('BAD_INPUT'))
    const opener = { kind: 'PASSPHRASE', passphrase: 'wrong' } as const
    await expect(vault.unlock({ user, keys, opener, seen: null })).rejects.toEqual(code('SECRET_WRONG'))
  })

  test('takes a value as JSON does, so that both kinds of vaults keep the same', async () => {
    const { vault } = await unlocked()
    const inProcess = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
    const record = uuidv7()
    for (const value of [new Date(0), { toJSON: () => 'own form' }, { kept: 1, left: undefined, method() {} }, [NaN]]) {
      const envelope = await encryptOne(vault, record, 1, value)
      expect(await decryptOne(vault, record, 1, envelope)).toMatchObject({ value: inProcess(value) })
    }
  })

  test('encrypts what nobody vouches for so that it stays unverified, in a batch with what is verified', async () => {
    const { vault } = await unlocked()
    const [own, others] = [uuidv7(), uuidv7()]
    const envelopes = await vault.encrypt([
      { record: own, revision: 1, value: 'own' },
      { record: others, revision: 1, value: "another's", verified: false },
    ])
    expect(await decryptOne(vault, own, 1, envelopes[0] ?? '')).toEqual({ ok: true, value: 'own', verified: true })
    const opened = await decryptOne(vault, others, 1, envelopes[1] ?? '')
    expect(opened).toEqual({ ok: true, value: "another's", verified: false })
  })

  test('an error that is no refusal brings nothing of its text along', async () => {
    const { vault } = vaultInChannel(() => ({
      ...silent(),
      unlock: () => Promise.reject(new TypeError('a key: s3cret')),
    }))
    const keys = NO_KEYS
    const unlocking = vault.unlock({
      user: uuidv7(),
      keys,
      opener: { kind: 'PASSPHRASE', passphrase: 'p' },
      seen: null,
    })
    await expect(unlocking).rejects.toThrow('The vault has failed: TypeError.')
  })
})

describe('locking a vault in a Worker', () => {
  test('ends the Worker and every call that waits; the next unlock starts another', async () => {
    const { vault, started, user, made, keys } = await unlocked()
    const record = uuidv7()
    const envelope = await encryptOne(vault, record, 1, 'secret')
    const waiting = [
      vault.decrypt([{ record, revision: 1, envelope }]),
      vault.encrypt([{ record, revision: 2, value: 1 }]),
      vault.rotateRecordKey({ keys }),
      vault.state(),
    ]
    await vault.lock()
    for (const call of await Promise.allSettled(waiting)) {
      expect(call).toEqual({ status: 'rejected', reason: code('ENCRYPTION_LOCKED') })
    }
    expect(started.map(({ ended }) => ended)).toEqual([true])
    expect(await vault.state()).toBeNull()
    await expect(decryptOne(vault, record, 1, envelope)).rejects.toEqual(code('ENCRYPTION_LOCKED'))

    await vault.unlock({ user, keys, opener: codeOf(made), seen: null })
    expect(started).toHaveLength(2)
    expect(await decryptOne(vault, record, 1, envelope)).toMatchObject({ ok: true })
  })

  test('a Worker that dies locks too', async () => {
    const { vault, started, keys } = await unlocked()
    const waiting = vault.rotateRecordKey({ keys })
    started[0]?.fail()
    await expect(waiting).rejects.toEqual(code('ENCRYPTION_LOCKED'))
    expect(await vault.state()).toBeNull()
    expect(started[0]?.ended).toBe(true)
  })

  test('the failure of a Worker that was ended before does not end its successor', async () => {
    const { vault, started, user, made, keys } = await unlocked()
    await vault.lock()
    await vault.unlock({ user, keys, opener: codeOf(made), seen: null })
    started[0]?.fail()
    expect(await vault.state()).toMatchObject({ keyId: keys.keyId })
  })

  test('what a passkey gave is sent once, and wiped in the page at once', async () => {
    const { vault, started } = vaultInChannel(silent)
    const prf = prfOf(5)
    const user = uuidv7()
    const keys = NO_KEYS
    const unlocking = vault.unlock({ user, keys, opener: { kind: 'PASSKEY', prf }, seen: null })
    expect(prf).toEqual(new Uint8Array(32))
    const sent = started[0]?.sent[0]
    expect(sent).toMatchObject({ name: 'unlock', input: { opener: { prf: prfOf(5) } } })
    await vault.lock()
    await expect(unlocking).rejects.toEqual(code('ENCRYPTION_LOCKED'))
    const late = prfOf(6)
    const opener = { kind: 'PASSKEY', prf: late } as const
    await expect(vault.sealForCodes({ keys, opener })).rejects.toEqual(code('ENCRYPTION_LOCKED'))
    expect(late).toEqual(new Uint8Array(32))
  })
})

test('where there are no Workers, the vault is in the process; a Worker that cannot start is not replaced', async () => {
  expect(await openVault().state()).toBeNull()
  const broken = openVault({
    worker: () => {
      throw new Error('blocked')
    },
  })
  const make = { user: uuidv7(), email: EMAIL, passphrase: PASSPHRASE, generation: 1, ringRevision: 1 }
  await expect(broken.make(make)).rejects.toThrow('blocked')
  vi.stubGlobal('Worker', function started(url: URL) {
    throw new Error(`Started ${url.pathname.split('/').at(-1)}`)
  })
  onTestFinished(() => void vi.unstubAllGlobals())
  await expect(openVault().make(make)).rejects.toThrow('Started encryption-worker.js')
})
