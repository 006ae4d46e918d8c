import { expect, test, vi } from 'vitest'
import { v7 as uuidv7 } from 'uuid'
import { lateVault } from '../../../src/client/encryption/late-vault.ts'
import { makeVault } from '../../../src/client/encryption/make-vault.ts'
import type { Vault } from '../../../src/client/encryption/vault.ts'
import { codeOf, EMAIL, PASSPHRASE, sealedKeys } from './account.ts'

// A vault that is loaded when it is first needed, as Node and whoever has no Worker get it.

test('nothing is loaded by what needs keys that were never unlocked, nor by a lock', async () => {
  const load = vi.fn(async () => makeVault())
  const vault = lateVault(load)
  await vault.lock()
  expect(await vault.state()).toBeNull()
  await expect(vault.encrypt([])).rejects.toMatchObject({ code: 'ENCRYPTION_LOCKED' })
  expect(load).not.toHaveBeenCalled()
})

test('what is asked while it is loaded goes to one vault, which is then unlocked', async () => {
  const load = vi.fn(async () => makeVault())
  const vault = lateVault(load)
  const { user, keys, made } = await account(vault)
  await vault.unlock({ user, keys, opener: codeOf(made), seen: null })
  expect(await vault.state()).toMatchObject({ keyId: keys.keyId })
  expect(load).toHaveBeenCalledTimes(1)
})

test('a lock that comes while it is loaded ends the unlocking that was begun before', async () => {
  const { user, keys, made } = await account(makeVault())
  let arrive: (vault: Vault) => void = () => undefined
  const vault = lateVault(() => new Promise((resolve) => (arrive = resolve)))
  const unlocking = vault.unlock({ user, keys, opener: codeOf(made), seen: null })
  const refused = expect(unlocking).rejects.toMatchObject({ code: 'ENCRYPTION_LOCKED' })
  const locking = vault.lock()
  arrive(makeVault())
  await Promise.all([refused, locking])
  expect(await vault.state()).toBeNull()
})

test('one that does not load is tried again, and can be locked', async () => {
  const { user, keys, made } = await account(makeVault())
  const load = vi.fn(async () => makeVault()).mockRejectedValueOnce(new TypeError('Failed to fetch'))
  const vault = lateVault(load)
  const unlock = () => vault.unlock({ user, keys, opener: codeOf(made), seen: null })
  const refused = expect(unlock()).rejects.toThrow('Failed to fetch')
  await Promise.all([refused, vault.lock()])
  await unlock()
  expect(await vault.state()).not.toBeNull()
})

/** An account's keys, as the server keeps them. */
async function account(vault: Vault) {
  const user = uuidv7()
  const made = await vault.make({ user, email: EMAIL, passphrase: PASSPHRASE, generation: 1, ringRevision: 1 })
  return { user, made, keys: sealedKeys(made, { generation: 1, ringRevision: 1 }) }
}
