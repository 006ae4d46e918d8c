import { useLocation } from 'preact-iso'
import { useEffect, useRef } from 'preact/hooks'
import { isLatchkeyError } from '../../client/index.ts'
import { AccountFrame } from '../account/frame.tsx'
import { latchkey } from '../latchkey.ts'
import { useLeaving } from '../ui/leaving.ts'
import { Loaded, useLoad, type Load } from '../ui/load.tsx'
import { say } from '../ui/said.tsx'
import { viewer } from '../viewer.ts'
import { beginDraft, draft, dropDraft, dropUnwritten, isUnsaved } from './draft.ts'
import { KeptText } from './kept-text.tsx'
import { closed, KINDS, kindOf, notes, type NoteItem } from './note.ts'
import { NoteEditor } from './note-editor.tsx'
import { NoteTitles, useNoteList, type NoteList } from './note-list.tsx'
import { NoteView } from './note-view.tsx'
import './notes.css'
import { PaneHeading } from './pane-heading.tsx'
import { addressOf, LIST, NEW, placeIn } from './places.ts'

/** Private notes: plain ones, sealed ones and encrypted ones, side by side. */
export function Notes() {
  const unsaved = draft.value
  if (viewer.value.kind === 'SIGNED_OUT' && isUnsaved(unsaved)) return <KeptText draft={unsaved} />
  return <AccountFrame title="Notes">{({ id }) => <NotesOf key={id} user={id} />}</AccountFrame>
}

/** The list, and beside it the note that the address names. In a narrow window one takes the place of the other. */
function NotesOf({ user }: { user: string }) {
  const { query } = useLocation()
  const place = placeIn(query)
  const list = useNoteList()
  useLeaving(isUnsaved(draft.value), dropDraft)
  useDraftOf(user, place)
  useWayBack(place)
  return (
    <div class={place === null ? 'notes' : 'notes open'}>
      <NoteTitles list={list} openId={place} />
      <section class="note-pane" aria-label={place === NEW ? 'New note' : 'The note'}>
        {place !== null && (
          <a class="way-back" href={LIST} onClick={() => say('')}>
            All notes
          </a>
        )}
        {place === null ? <Introduction /> : <Pane key={place} user={user} place={place} list={list} />}
      </section>
    </div>
  )
}

/** A draft is its writer's, and belongs to one place. */
function useDraftOf(user: string, place: string | null): void {
  useEffect(() => {
    const kept = draft.peek()
    if (kept && (kept.user !== user || kept.place !== place)) dropDraft()
  }, [user, place])
  useEffect(() => dropUnwritten, [])
}

/** Whoever comes back to the list finds the focus on the note that they come from. */
function useWayBack(place: string | null): void {
  const former = useRef(place)
  useEffect(() => {
    const from = former.current
    former.current = place
    if (place !== null || from === null) return
    const link = document.getElementById(from) ?? document.getElementById('new-note')
    link?.focus()
  }, [place])
}

function Introduction() {
  return (
    <div class="introduction">
      <h2>Three kinds of notes</h2>
      <dl>
        {KINDS.map(({ kind, name, words }) => (
          <div key={kind}>
            <dt>{name}</dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
      <p class="quiet">The title of a note is always plain, so that you can search for it.</p>
    </div>
  )
}

type PaneProps = { user: string; place: string; list: NoteList }

function Pane(props: PaneProps) {
  return props.place === NEW ? <NewNote {...props} /> : <OpenNote {...props} />
}

function NewNote({ user, place, list }: PaneProps) {
  const { route } = useLocation()
  useEffect(() => {
    if (draft.peek()?.place !== place) beginDraft({ user, place, base: null }, { title: '', kind: 'plain', text: '' })
  }, [user, place])
  const writing = draft.value
  if (writing?.place !== place || writing.user !== user) return null
  return (
    <NoteEditor
      draft={writing}
      onLeft={() => route(LIST)}
      onSaved={({ id }) => {
        say('The note is saved.')
        refresh(list)
        route(addressOf(id), true)
      }}
    />
  )
}

function OpenNote({ user, place, list }: PaneProps) {
  const { route } = useLocation()
  const load = useLoad(() => noteOf(place), [place])
  useLockedTogether(load)
  const writing = draft.value
  if (writing?.place === place && writing.user === user) {
    return (
      <NoteEditor
        draft={writing}
        onLeft={() => {
          // What is shown stays; and what is locked is opened once that is asked for.
          if (!writing.isCovered) void load.reload().catch(() => undefined)
        }}
        onSaved={(item) => {
          say('The note is saved.')
          refresh(list)
          if (item.id === place) load.put(item)
          else route(addressOf(item.id), true)
        }}
      />
    )
  }
  return (
    <Loaded from={load}>
      {(item) =>
        item === null ? (
          <NotHere />
        ) : (
          <NoteView
            key={item.revision}
            item={item}
            put={load.put}
            reload={load.reload}
            onEdit={(text) => edit(user, item, text)}
            onDeleted={() => {
              say('The note is deleted.')
              refresh(list)
              route(LIST, true)
            }}
          />
        )
      }
    </Loaded>
  )
}

/** Once the keys are locked, here or in another tab, what they opened is no longer there. */
function useLockedTogether({ state, put }: Load<NoteItem | null>): void {
  const item = state.kind === 'LOADED' ? state.value : null
  useEffect(() => {
    if (!item || kindOf(item) !== 'encrypted') return
    return latchkey.encryption.onChange(({ kind }) => {
      if (kind !== 'LOCKED') return
      put(closed(item))
    })
  }, [item, put])
}

function edit(user: string, base: NoteItem, text: string): void {
  say('')
  beginDraft({ user, place: base.id, base }, { title: base.value.title ?? '', kind: kindOf(base), text })
}

/** Asks for the titles again. A list that does not come is as it was, and the next look at it tells. */
function refresh({ load }: NoteList): void {
  void load.reload().catch(() => undefined)
}

/** A note; null where the address names none. */
async function noteOf(id: string): Promise<NoteItem | null> {
  try {
    return await notes.get(id)
  } catch (error) {
    if (isLatchkeyError(error, 'BAD_INPUT') || isLatchkeyError(error, 'NOT_FOUND')) return null
    throw error
  }
}

function NotHere() {
  return (
    <>
      <PaneHeading>This note is not here</PaneHeading>
      <p>It was deleted, perhaps on another device, or belongs to another account.</p>
      <a class="button second" href={LIST}>
        All notes
      </a>
    </>
  )
}
