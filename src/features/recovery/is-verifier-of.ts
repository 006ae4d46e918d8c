import type { KeySlot } from '../../generated/sqlite/client.ts'
import type { Keyring } from '../../platform/crypto/keyring.ts'
import { equalSecrets } from '../../platform/crypto/tokens.ts'
import { verifierHash } from '../encryption/verifiers.ts'

/** Whether a slot is released by a verifier. It takes as long where there is nothing to compare with. */
export function isVerifierOf(
  keys: Keyring,
  { userId, verifierHash: kept }: Pick<KeySlot, 'userId' | 'verifierHash'>,
  verifier: string,
): boolean {
  const keyId = kept?.split('.')[0] ?? keys.currentId
  return equalSecrets(verifierHash(keys, userId, verifier, keyId), kept ?? verifierHash(keys, userId, '', keyId))
}
