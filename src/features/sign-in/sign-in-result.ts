import type { CompletedSignIn } from './complete-sign-in.ts'

/** A sign-in that is done, and where to go now. */
export type SignedIn = CompletedSignIn & { redirectTo: string | null }

/** A link that another browser asked for. Nothing was used up. */
export type ConfirmationRequired = {
  kind: 'ConfirmationRequired'
  /** Whose account the link opens: a link of somebody else's, sent to lead a person into their account, shows itself. */
  email: string
  requestedAt: Date
  deviceName: string
  ipAddress: string | null
}
