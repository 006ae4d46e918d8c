import type { Session } from '../../generated/sqlite/client.ts'
import { AUTH_METHODS } from '../../viewer.ts'
import type { ViewerSession } from '../../viewer.ts'

/** A row of the sessions' table as the rest of the server knows it, without its hashes. */
export function toViewerSession({ tokenHash: _, deviceHash: __, authMethod, ...row }: Session): ViewerSession {
  const method = AUTH_METHODS.find((known) => known === authMethod)
  if (!method)
    throw new Error(`A session has the unknown method "${authMethod}"; expected ${AUTH_METHODS.join(' or ')}.`)
  return { ...row, authMethod: method }
}
