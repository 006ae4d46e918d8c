import type { AuthLevel } from '../viewer.ts'
import { limitDirective, limitExtension } from './rate-limit.ts'
import type { FieldLimitName, FieldLimitOptions } from './rate-limit.ts'

type Guard = { level?: AuthLevel; limit: FieldLimitName } & FieldLimitOptions

/**
 * The options that every root field spreads: what a caller must have proved, and how often it may be called. They set
 * the check and the directive that tells of it together, so that the printed schema cannot promise anything else.
 */
export function guarded({ level, limit, ...options }: Guard) {
  return {
    ...(level && { authScopes: { level } }),
    directives: { ...(level && { auth: { level } }), rateLimit: limitDirective(limit) },
    extensions: limitExtension(limit, options),
  }
}

/** The options of a field inside a type that asks for more than its type does. */
export function needs(level: AuthLevel) {
  return { authScopes: { level }, directives: { auth: { level } } }
}
