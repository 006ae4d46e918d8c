/**
 * Every code that a refusal can carry in `extensions.code`, with what it means to a caller. The server refuses with
 * these and nothing else, and the client's errors are typed by them. A code is never renamed or given a second meaning.
 */
export const ERROR_CODES = {
  UNAUTHENTICATED: 'Nobody is signed in, or the session has ended. Sign in, then ask again.',
  REAUTHENTICATION_REQUIRED:
    'The session is live, but the proof is too old or too weak. `level` and `methods` say what would do.',
  RATE_LIMITED: 'Too many calls. `retryAfter` says in how many seconds the next one may pass.',
  BAD_INPUT: 'An argument is not of the form that its field asks for. `field` names it.',
  EMAIL_INVALID: 'The mail address is not one that Latchkey accepts.',
  REDIRECT_NOT_ALLOWED: 'The place to go to is neither a path of this site nor a URL of an allowed origin.',
  LINK_INVALID: 'The link is unknown, used, or too old. Ask for a new one.',
  CODE_INVALID:
    'The code is wrong, used, too old, or was asked for in another browser. After five tries a new one is needed.',
  CHALLENGE_INVALID:
    'The challenge of a passkey ceremony is used, too old, or was given to another browser. Begin again.',
  PASSKEY_INVALID: 'The passkey is not known, or could not be verified. Signing in by mail goes on working.',
  PASSKEY_EXISTS: 'This passkey is registered already.',
  PASSKEYS_UNAVAILABLE: 'Passkeys belong to a domain, and the server is reached by an IP address.',
  NOT_FOUND: 'There is no such thing, or it is not yours. Latchkey does not tell which.',
  CONFLICT: 'The thing was changed since it was read. `currentRevision` names the revision in force.',
  TOO_LARGE: 'A value is larger than its limit. `field` and `limit` say which and by what.',
  QUOTA_EXCEEDED: 'The account holds as many of these as it may. `limit` says how many.',
  ENVELOPE_INVALID:
    'An encrypted value is not of the form that its field asks for. `field` names it, `reason` says what is wrong with it.',
  KEY_ROTATED:
    'The value is encrypted with a key that is not the current one. `keyId` names that; read encryptionKeys again.',
  PUBLIC_KEY_INVALID: 'The public key is not a public JWK on P-256 with the members kty, crv, x and y.',
  SLOTS_INVALID:
    'The slots are not the ones that are asked for: too few, too many, twice the same, or of a wrong kind.',
  ENCRYPTION_OFF: 'End-to-end encryption is not switched on for this account.',
  ENCRYPTION_ON: 'End-to-end encryption is switched on for this account already.',
  RECORDS_ENCRYPTED: 'Records still hold encryptedData: clear it or delete them before encryption is switched off.',
  RECOVERY_UNAVAILABLE:
    'The keys cannot be recovered this way. `reason` says why: not-set-up, switched-off, locked, changed-lately or waiting; `availableAt`, where it is a matter of time, from when on they can.',
  RECOVERY_NOT_OPEN: 'No recovery is open that this would continue. Begin one: initiateRecovery.',
  RECOVERY_UNPROVEN:
    'The recovery has released nothing to this session. Verify a code, two answers or a passkey first.',
  PROOF_INVALID: 'The code is wrong or used, or the answers are not right. Latchkey does not tell which.',
  QUERY_REFUSED: 'The document is too deep, too costly, too long, or has too many aliases.',
  GRAPHQL_PARSE_FAILED: 'The document is not GraphQL.',
  GRAPHQL_VALIDATION_FAILED: 'The document does not fit the schema.',
  REQUEST_REFUSED: 'The request may not carry a session: wrong origin, method or content type.',
  UNAVAILABLE: 'Something that the server leans on is away. Try again; after a change, read first whether it was made.',
  INTERNAL: 'Unexpected error. `errorId` finds it in the log.',
} as const

export type ErrorCode = keyof typeof ERROR_CODES
