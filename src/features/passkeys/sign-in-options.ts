import type { Context } from '../../context.ts'
import type { AuthMethod } from '../../viewer.ts'
import { canonicalEmail } from '../sign-in/canonical-email.ts'

/**
 * The methods that a sign-in with an address should offer, the preferred first: the same for every address, in a browser
 * that has not signed in with it before. One that has is told whether the account has a passkey.
 */
export async function signInOptions(context: Context, text: string): Promise<AuthMethod[]> {
  const email = canonicalEmail(text)
  const { config, database } = context.services
  if (!config.passkeys) return ['MAGIC_LINK']
  if ((await context.deviceIdFor(email)) === null) return ['PASSKEY', 'MAGIC_LINK']
  const account = await database.systemDb.user.findUnique({ where: { email }, select: { passkeyCount: true } })
  return account && account.passkeyCount > 0 ? ['PASSKEY', 'MAGIC_LINK'] : ['MAGIC_LINK']
}
