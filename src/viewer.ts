export const AUTH_LEVELS = ['SESSION', 'FRESH', 'STRONG'] as const
export type AuthLevel = (typeof AUTH_LEVELS)[number]

export const AUTH_METHODS = ['MAGIC_LINK', 'PASSKEY'] as const
export type AuthMethod = (typeof AUTH_METHODS)[number]

/** Who asks: the signed-in user, and the session that proved it. */
export type Viewer = {
  user: ViewerUser
  session: ViewerSession
  /** The request comes from another network or browser than the session's last proof: its level is SESSION until the next. */
  moved: boolean
}

export type ViewerUser = {
  id: string
  /** Canonical form. */
  email: string
  displayName: string | null
  createdAt: Date
  lastLoginAt: Date | null
  /** With one or more, STRONG asks for a passkey. */
  passkeyCount: number
  /** Whether end-to-end encryption is switched on. */
  encryptionEnabled: boolean
}

export type ViewerSession = {
  id: string
  userId: string
  authMethod: AuthMethod
  remembered: boolean
  deviceName: string
  /** Where from, and by what browser, the last proof came. */
  ipAddress: string | null
  userAgent: string | null
  provedAt: Date
  strongProvedAt: Date | null
  /** When the mail address was last proved. */
  mailProvedAt: Date | null
  createdAt: Date
  lastActivityAt: Date
  expiresAt: Date
}
