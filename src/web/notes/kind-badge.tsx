import { about, type Kind } from './note.ts'

/** The kind of a note in a word. */
export function KindBadge({ kind }: { kind: Kind }) {
  return <span class={`kind-badge ${kind}`}>{about(kind).name}</span>
}
