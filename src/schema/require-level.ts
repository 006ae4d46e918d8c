import type { Context } from '../context.ts'
import { AppError, sessionNeeded } from '../errors.ts'
import { levelOf, methodsThatReach, satisfies } from '../features/sessions/level.ts'
import type { AuthLevel } from '../viewer.ts'

/** Lets a field run only for a session that satisfies the level now. Throws the refusal that says what is missing. */
export function requireLevel(context: Context, level: AuthLevel): true {
  if (!context.viewer) throw sessionNeeded()
  const { config, now } = context.services
  const { session, user, moved } = context.viewer
  const hasPasskey = user.passkeyCount > 0
  if (satisfies(levelOf({ session, hasPasskey, moved }, now(), config.lifetimes.freshMs), level)) return true
  const what = level === 'STRONG' && hasPasskey ? 'a proof by passkey' : 'a proof of who you are'
  const minutes = config.lifetimes.freshMs / 60_000
  throw new AppError(
    'REAUTHENTICATION_REQUIRED',
    `This needs ${what} from the last ${minutes} minutes, in this browser and on this network. Prove it again, then repeat the call.`,
    { level, methods: methodsThatReach(level, hasPasskey) },
  )
}
