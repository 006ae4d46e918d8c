export const AUTH_LEVELS = ['SESSION', 'FRESH', 'STRONG'] as const
export type AuthLevel = (typeof AUTH_LEVELS)[number]

export const AUTH_METHODS = ['MAGIC_LINK', 'PASSKEY'] as const
export type AuthMethod = (typeof AUTH_METHODS)[number]

/** Who asks: the signed-in user, and the session that proved it. */
export type Viewer = { user: ViewerUser; session: ViewerSession }

export type ViewerUser = {
  id: string
  /** Canonical form. */
  email: string
  displayName: string | null
  createdAt: Date
  lastLoginAt: Date | null
}

export type ViewerSession = {
  id: string
  userId: string
  authMethod: AuthMethod
  remembered: boolean
  deviceName: string
  ipAddress: string | null
  userAgent: string | null
  provedAt: Date
  strongProvedAt: Date | null
  createdAt: Date
  lastActivityAt: Date
  expiresAt: Date
}

/**
 * Finds who a request speaks for by one kind of credential (a session cookie today; keys and tokens of programs may
 * follow). Null when the request carries none of its kind, or one that is not in force. Throws only when it cannot tell.
 */
export type CredentialReader = (headers: Headers) => Promise<Viewer | null>
