import type { Context } from '../../context.ts'
import { sessionNeeded } from '../../errors.ts'
import type { Viewer } from '../../viewer.ts'

/** The context of a request whose viewer is known. */
export type SignedInContext = Context & { viewer: Viewer }

/** The viewer, for verbs whose field asks for a level and so has one. Throws UNAUTHENTICATED all the same. */
export function signedIn(context: Context): Viewer {
  requireViewer(context)
  return context.viewer
}

/** Throws UNAUTHENTICATED unless somebody is signed in: the same context, known to have a viewer. */
export function requireViewer(context: Context): asserts context is SignedInContext {
  if (!context.viewer) throw sessionNeeded()
}
