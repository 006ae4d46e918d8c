import { signal } from '@preact/signals'
import type { User } from '../client/index.ts'

/** Who looks at the page. `hasEnded`: the session ended while it was open. */
export type Viewer =
  | { kind: 'LOADING' }
  | { kind: 'SIGNED_OUT'; hasEnded: boolean }
  | { kind: 'SIGNED_IN'; user: User }
  | { kind: 'FAILED'; error: unknown }

export const viewer = signal<Viewer>({ kind: 'LOADING' })

/** What the server says of a session that is no more. */
export function sessionEnded(): void {
  viewer.value = { kind: 'SIGNED_OUT', hasEnded: viewer.value.kind === 'SIGNED_IN' }
}
