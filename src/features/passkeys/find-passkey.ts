import type { Passkey } from '../../generated/sqlite/client.ts'
import type { Services } from '../../services.ts'

/** A passkey and whose it is. */
export type OwnedPasskey = Passkey & { user: { id: string; email: string } }

/** The passkey with a credential's id, of whichever account: before a sign-in there is no viewer. Null for none. */
export function findPasskey({ database }: Services, credentialId: string): Promise<OwnedPasskey | null> {
  return database.systemDb.passkey.findUnique({
    where: { credentialId },
    include: { user: { select: { id: true, email: true } } },
  })
}

/** What an authenticator keeps of the account that a passkey belongs to. */
export function userHandleOf(userId: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(userId))
}

/** True where an answer names another account than the passkey's (WebAuthn level 3, section 7.2, step 6). */
export function notOwnedBy(userId: string, userHandle: string | undefined): boolean {
  return userHandle !== undefined && !Buffer.from(userHandle, 'base64url').equals(userHandleOf(userId))
}
