import { useState } from 'preact/hooks'
import { isLatchkeyError, ItemConflict } from '../../client/index.ts'
import { confirmed } from '../ui/confirm.tsx'
import { ActionButton } from '../ui/form.tsx'
import { ago } from '../times.ts'
import { say } from '../ui/said.tsx'
import { KindBadge } from './kind-badge.tsx'
import { about, kindOf, notes, textOf, titleOf, unsealed, type NoteItem } from './note.ts'
import { PaneHeading } from './pane-heading.tsx'

type Props = {
  item: NoteItem
  /** Shows another state of the note. */
  put: (item: NoteItem) => void
  /** Asks for it again: with the keys, where they are locked. */
  reload: () => Promise<void>
  /** Begins to write over it, from its text. */
  onEdit: (text: string) => void
  onDeleted: () => void
}

/** A note to read. What is sealed is shown on demand, what is locked once it is unlocked. */
export function NoteView({ item, put, reload, onEdit, onDeleted }: Props) {
  const [shown, setShown] = useState<string | null>(null) // of a sealed note
  const kind = kindOf(item)
  const text = textOf(item) ?? shown

  async function edit(): Promise<void> {
    onEdit(text ?? (await unsealed(item)))
  }
  return (
    <article>
      <PaneHeading>{titleOf(item.value.title)}</PaneHeading>
      <p class="quiet about-note">
        <KindBadge kind={kind} /> {about(kind).words}
      </p>
      {text === null ? (
        <Closed item={item} reload={reload} onShown={setShown} />
      ) : (
        <Text text={text} isDoubtful={item.keyState === 'UNVERIFIED'} />
      )}
      <p class="quiet">Last changed {ago(new Date(item.updatedAt))}</p>
      <div class="buttons">
        {(text !== null || kind === 'sealed') && (
          <ActionButton label="Edit" working="Opening" kind={text === null ? 'second' : 'main'} work={edit} />
        )}
        {shown !== null && (
          <button type="button" class="second" onClick={() => setShown(null)}>
            Hide
          </button>
        )}
        <DeleteButton item={item} put={put} onDeleted={onDeleted} />
      </div>
    </article>
  )
}

function Text({ text, isDoubtful }: { text: string; isDoubtful: boolean }) {
  return (
    <>
      {isDoubtful && (
        <p class="note">
          Who wrote this text cannot be told: whoever has your public key may have, or the server. Save it anew once you
          have read it, and it is yours.
        </p>
      )}
      {text === '' ? <p class="quiet empty">This note has no text.</p> : <p class="note-text">{text}</p>}
    </>
  )
}

/** Stands in for a text that is not there to be read, with what opens it. */
function Closed({ item, reload, onShown }: Pick<Props, 'item' | 'reload'> & { onShown: (text: string) => void }) {
  if (item.keyState === 'UNREADABLE') {
    return (
      <div class="closed">
        <p>
          This text does not open. It was changed by somebody, or encrypted with keys that you no longer have. It is
          never overwritten, so a device that can read it still may.
        </p>
      </div>
    )
  }
  const isLocked = item.keyState === 'LOCKED'
  return (
    <div class="closed">
      <p>
        {isLocked
          ? 'The text is locked. Your passphrase opens it.'
          : 'The text is sealed. It shows once you have proved that it is you.'}
      </p>
      {isLocked ? (
        <ActionButton label="Unlock" working="Unlocking" kind="main" work={reload} />
      ) : (
        <ActionButton label="Show" working="Opening" kind="main" work={() => unseal(item, onShown)} />
      )}
    </div>
  )
}

async function unseal(item: NoteItem, onShown: (text: string) => void): Promise<void> {
  try {
    onShown(await unsealed(item))
  } catch (error) {
    // Whoever puts the proof off knows that the text stays hidden.
    if (!isLatchkeyError(error, 'REAUTHENTICATION_REQUIRED')) throw error
  }
}

function DeleteButton({ item, put, onDeleted }: Pick<Props, 'item' | 'put' | 'onDeleted'>) {
  async function remove(): Promise<void> {
    const isMeant = await confirmed({
      title: 'Delete this note?',
      words: `“${titleOf(item.value.title)}” is deleted on all your devices. It cannot be brought back.`,
      action: 'Delete',
      isDangerous: true,
    })
    if (!isMeant) return
    try {
      await notes.delete(item)
    } catch (error) {
      if (error instanceof ItemConflict) {
        put(error.current as NoteItem) // an item of the same collection
        say('This note was changed in the meantime, so it was not deleted. Look at it again first.')
        return
      }
      if (!isLatchkeyError(error, 'NOT_FOUND')) throw error // deleted elsewhere: as was wanted
    }
    onDeleted()
  }
  return <ActionButton label="Delete" working="Deleting" work={remove} />
}
