import type { Config } from '../../config.ts'
import { AppError } from '../../errors.ts'
import type { Services } from '../../services.ts'

/** Whom passkeys of this server belong to. PASSKEYS_UNAVAILABLE where PUBLIC_URL names an address and not a domain. */
export function relyingParty({ config }: Services): NonNullable<Config['passkeys']> {
  if (config.passkeys) return config.passkeys
  throw new AppError(
    'PASSKEYS_UNAVAILABLE',
    'Passkeys belong to a domain, and this server is reached by an IP address. Signing in by mail works.',
  )
}
