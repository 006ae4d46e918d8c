import type { Context } from '../context.ts'
import { AppError } from '../errors.ts'
import { levelOf, methodsThatReach, satisfies } from '../features/sessions/level.ts'
import type { AuthLevel } from '../viewer.ts'

/** Lets a field run only for a session that satisfies the level now. Throws the refusal that says what is missing. */
export function requireLevel(context: Context, level: AuthLevel): true {
  if (!context.viewer) throw new AppError('UNAUTHENTICATED', 'This needs a live session. Sign in, then ask again.')
  const { config, now } = context.services
  if (satisfies(levelOf(context.viewer.session, now(), config.lifetimes.freshMs), level)) return true
  throw new AppError(
    'REAUTHENTICATION_REQUIRED',
    `This needs a proof of who you are from the last ${config.lifetimes.freshMs / 60_000} minutes. Prove it again, then repeat the call.`,
    { level, methods: methodsThatReach(level) },
  )
}
