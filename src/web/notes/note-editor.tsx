import { useEffect, useRef, useState } from 'preact/hooks'
import { latchkey } from '../latchkey.ts'
import { Field, TextField } from '../ui/fields.tsx'
import { TaskForm } from '../ui/form.tsx'
import { mayLeave } from '../ui/leaving.ts'
import { useLoad } from '../ui/load.tsx'
import { useTask, type Task } from '../ui/task.ts'
import { explain } from '../words.ts'
import { clashIn, type Clash } from './clash.ts'
import { Conflict } from './conflict.tsx'
import { Covered } from './covered.tsx'
import { dropDraft, write, type Draft } from './draft.ts'
import { createNote, KINDS, kindOf, updateNote, type Kind, type NoteItem } from './note.ts'
import { PaneHeading } from './pane-heading.tsx'

type Ends = {
  onSaved: (item: NoteItem) => void
  /** Nothing is to be saved. */
  onLeft: () => void
}

/** Writes a note. Where it was changed elsewhere meanwhile, both are shown, and the person chooses. */
export function NoteEditor({ draft, onSaved, onLeft }: Ends & { draft: Draft }) {
  const [clash, setClash] = useState<Clash | null>(null)
  const encryption = useEncryptionState()

  function finish(item: NoteItem): void {
    dropDraft()
    onSaved(item)
  }

  const save: Task<void> = useTask(async () => {
    const refusal = refusalOf(draft, encryption)
    if (refusal !== null) {
      save.complain(refusal)
      return
    }
    try {
      finish(await saved(draft))
    } catch (error) {
      const found = clashIn(error)
      if (found) setClash(found)
      else keepText(save, error)
    }
  })
  useEffect(() => {
    if (draft.isCovered) setClash(null) // it holds the other version
  }, [draft.isCovered])

  if (draft.isCovered) return <Covered onLeft={onLeft} />
  if (clash) {
    return (
      <Conflict
        draft={draft}
        clash={clash}
        onClash={setClash}
        onKept={finish}
        onBack={() => setClash(null)}
        onLetGo={() => {
          dropDraft()
          onLeft()
        }}
      />
    )
  }
  return <EditorForm draft={draft} save={save} isEncryptionOff={encryption === 'OFF'} onLeft={onLeft} />
}

function EditorForm(props: Pick<Ends, 'onLeft'> & { draft: Draft; save: Task<void>; isEncryptionOff: boolean }) {
  const { draft, save, isEncryptionOff, onLeft } = props
  const title = useRef<HTMLInputElement>(null)
  useEffect(() => title.current?.focus(), [])
  return (
    <>
      <PaneHeading takesFocus={false}>{draft.base ? 'Edit note' : 'New note'}</PaneHeading>
      <TaskForm
        task={save}
        label="Save"
        working="Saving"
        beside={
          <button
            type="button"
            class="plain"
            onClick={() => void mayLeave().then((isLeft) => isLeft && (dropDraft(), onLeft()))}
          >
            Cancel
          </button>
        }
      >
        <Field
          label="Title"
          inputRef={title}
          value={draft.title}
          hint="The server can always read the title: that is how it is searched."
          onValue={(text) => write({ title: text })}
        />
        <TextField label="Text" rows={9} value={draft.text} onValue={(text) => write({ text })} />
        <KindChoice draft={draft} isEncryptionOff={isEncryptionOff} />
      </TaskForm>
    </>
  )
}

function KindChoice({ draft, isEncryptionOff }: { draft: Draft; isEncryptionOff: boolean }) {
  return (
    <>
      <fieldset class="kinds">
        <legend>Who can read the text</legend>
        {KINDS.map(({ kind, name, words }) => (
          <label key={kind} class="kind">
            <input type="radio" name="kind" checked={draft.kind === kind} onChange={() => write({ kind })} />
            <span>
              <span class="name">{name}</span>
              <span class="words">{words}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <div role="status">
        {draft.kind === 'encrypted' && isEncryptionOff && <SetUpFirst />}
        {draft.base && <Moving from={kindOf(draft.base)} to={draft.kind} />}
      </div>
    </>
  )
}

/** Opened in another tab, so that what is written here stays. */
function SetUpFirst() {
  return (
    <p class="note">
      Encryption is not set up yet; it takes about two minutes.{' '}
      <a href="/account/encryption" target="_blank">
        Set up encryption in a new tab
      </a>
      , then come back and save. What you wrote stays here.
    </p>
  )
}

const MOVES: Readonly<Record<Kind, string>> = {
  plain: 'From then on the server can read it.',
  sealed: 'From then on the server keeps it sealed.',
  encrypted: 'From then on only your devices can read it.',
}

function Moving({ from, to }: { from: Kind; to: Kind }) {
  if (from === to) return null
  return (
    <p class="note">
      Saving moves the text, and takes it from where it was in the same step. {MOVES[to]}
      {from !== 'encrypted' && ' Earlier copies, such as backups of the server, may still hold it as it was.'}
    </p>
  )
}

type EncryptionKnown = 'ON' | 'OFF' | 'UNKNOWN'

/** Whether encryption is set up; looked at again when the person comes back to this tab. */
function useEncryptionState(): EncryptionKnown {
  const { state, reload } = useLoad(() => latchkey.encryption.status())
  useEffect(() => {
    const again = (): void => void reload().catch(() => undefined) // what was known stays; saving tells
    addEventListener('focus', again)
    return () => removeEventListener('focus', again)
  }, [reload])
  if (state.kind !== 'LOADED') return 'UNKNOWN'
  return state.value.enabled ? 'ON' : 'OFF'
}

function refusalOf({ title, kind }: Draft, encryption: EncryptionKnown): string | null {
  if (title.trim() === '') return 'Give the note a title, so that you find it again.'
  return kind === 'encrypted' && encryption === 'OFF' ? 'Set up encryption first, or choose another kind.' : null
}

function saved(draft: Draft): Promise<NoteItem> {
  const written = { ...draft, title: draft.title.trim() }
  return draft.base ? updateNote(draft.base, written, draft.text === draft.was.text) : createNote(written)
}

/** Says what went wrong, and that the text is still there. */
function keepText(task: Task<void>, error: unknown): void {
  const { text, waitSeconds } = explain(error)
  task.complain(`${text} What you wrote stays here.`)
  if (waitSeconds !== undefined) task.holdBack(waitSeconds)
}
