import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { confirmed } from '../ui/confirm.tsx'
import { ActionButton } from '../ui/form.tsx'
import { clashIn, type Clash } from './clash.ts'
import type { Draft } from './draft.ts'
import { KindBadge } from './kind-badge.tsx'
import { createNote, kindOf, textOf, titleOf, unsealed, updateNote, type Kind, type NoteItem } from './note.ts'
import { PaneHeading } from './pane-heading.tsx'

type Props = {
  draft: Draft
  /** Something else stands against it now. */
  onClash: (clash: Clash) => void
  /** The note is saved, in whichever version. */
  onKept: (item: NoteItem) => void
  /** To write on. */
  onBack: () => void
  /** The draft is not wanted any more. */
  onLetGo: () => void
}

/** A draft, and what became of its note meanwhile. Nothing is lost before the person has chosen. */
export function Conflict({ clash, ...props }: Props & { clash: Clash }) {
  return clash.kind === 'CHANGED' ? <Changed {...props} current={clash.current} /> : <Deleted {...props} />
}

function Changed({ draft, current, onClash, onKept, onBack }: Props & { current: NoteItem }) {
  async function keepMine(): Promise<void> {
    try {
      onKept(await updateNote(current, draft))
    } catch (error) {
      const clash = clashIn(error)
      if (!clash) throw error
      onClash(clash)
    }
  }
  async function takeOther(): Promise<void> {
    const isMeant = await confirmed({
      title: 'Take the other version?',
      words: 'Yours is let go of. Copy it first if you may want it again.',
      action: 'Take the other',
    })
    if (isMeant) onKept(current)
  }
  return (
    <>
      <PaneHeading>This note was changed in the meantime</PaneHeading>
      <p>While you wrote, it was saved elsewhere, perhaps by you in another tab. Nothing is lost: here are both.</p>
      <div class="versions">
        <Version name="Yours" title={draft.title} kind={draft.kind}>
          <VersionText text={draft.text} of="your version" />
        </Version>
        <Version name="The other" title={titleOf(current.value.title)} kind={kindOf(current)}>
          <OtherText key={current.revision} item={current} />
        </Version>
      </div>
      <div class="buttons">
        <ActionButton label="Keep mine" working="Saving" kind="main" work={keepMine} />
        <ActionButton label="Take the other" kind="second" work={takeOther} />
        <button type="button" class="plain" onClick={onBack}>
          Go on writing
        </button>
      </div>
    </>
  )
}

function Deleted({ draft, onKept, onBack, onLetGo }: Props) {
  async function letGo(): Promise<void> {
    const isMeant = await confirmed({
      title: 'Let go of what you wrote?',
      words: 'The note is deleted already. Your version is then gone, too.',
      action: 'Let go',
      isDangerous: true,
    })
    if (isMeant) onLetGo()
  }
  return (
    <>
      <PaneHeading>This note was deleted in the meantime</PaneHeading>
      <p>While you wrote, it was deleted elsewhere, perhaps by you in another tab. What you wrote is still here.</p>
      <div class="versions">
        <Version name="Yours" title={draft.title} kind={draft.kind}>
          <VersionText text={draft.text} of="your version" />
        </Version>
      </div>
      <div class="buttons">
        <ActionButton
          label="Save as a new note"
          working="Saving"
          kind="main"
          work={async () => onKept(await createNote(draft))}
        />
        <ActionButton label="Let it go" kind="second" work={letGo} />
        <button type="button" class="plain" onClick={onBack}>
          Go on writing
        </button>
      </div>
    </>
  )
}

function Version(props: { name: string; title: string; kind: Kind; children: ComponentChildren }) {
  const { name, title, kind, children } = props
  return (
    <section class="version" aria-label={name}>
      <h3>{name}</h3>
      <p class="title">{title}</p>
      <p class="quiet">
        <KindBadge kind={kind} />
      </p>
      {children}
    </section>
  )
}

/** The text of the other version, once it may be shown. */
function OtherText({ item }: { item: NoteItem }) {
  const [shown, setShown] = useState<string | null>(null)
  const text = textOf(item) ?? shown
  if (text !== null) return <VersionText text={text} of="the other version" />
  if (kindOf(item) === 'sealed') {
    return (
      <ActionButton label="Show" working="Opening" kind="second" work={async () => setShown(await unsealed(item))} />
    )
  }
  return <p class="quiet">Its text does not open here. Unlock your encrypted data, then save again.</p>
}

function VersionText({ text, of }: { text: string; of: string }) {
  return (
    <>
      {text === '' ? <p class="quiet">No text.</p> : <p class="note-text">{text}</p>}
      <CopyButton text={text} of={of} />
    </>
  )
}

/** Puts a text on the clipboard. */
export function CopyButton({ text, of }: { text: string; of: string }) {
  const [outcome, setOutcome] = useState('')
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text)
      setOutcome('Copied.')
    } catch {
      setOutcome('The browser did not allow that. Select the text, and copy it by hand.')
    }
  }
  return (
    <div class="copy">
      <ActionButton label="Copy" about={of} work={copy} />
      <p class="quiet" role="status">
        {outcome}
      </p>
    </div>
  )
}
