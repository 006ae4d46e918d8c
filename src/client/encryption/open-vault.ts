import { makeVault } from './make-vault.ts'
import type { Vault } from './vault.ts'

/** A vault for the keys of one account, locked at first. */
export function openVault(): Vault {
  return makeVault()
}
