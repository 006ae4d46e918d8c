import { lookWho } from '../latchkey.ts'
import { confirmed } from '../ui/confirm.tsx'
import { ActionButton } from '../ui/form.tsx'
import { Heading, Plate } from '../ui/plate.tsx'
import { viewer } from '../viewer.ts'
import { CopyButton } from './conflict.tsx'
import { dropDraft, isPlain, type Draft } from './draft.ts'
import { LIST } from './places.ts'

/** Stands where a draft was being written when the session ended: the draft stays until the person is back. */
export function KeptText({ draft }: { draft: Draft }) {
  return (
    <Plate>
      <Heading>Your session has ended</Heading>
      <p class="lead">
        What you wrote is not lost: it waits here. Sign in again in a new tab, and this page goes on where you were.
      </p>
      <a class="button" href={`/sign-in?redirect_to=${encodeURIComponent(LIST)}`} target="_blank">
        Sign in, in a new tab
      </a>
      <div class="kept">
        <ActionButton label="I have signed in" working="Looking" kind="second" work={comeBack} />
        {/* Whoever is before the screen now may be somebody else. */}
        {isPlain(draft) && <CopyButton text={draft.text} of="what you wrote" />}
        <ActionButton label="Let go of the text" work={letGo} />
      </div>
    </Plate>
  )
}

async function comeBack(): Promise<void> {
  await lookWho()
}

async function letGo(): Promise<void> {
  const isMeant = await confirmed({
    title: 'Let go of what you wrote?',
    words: 'It is not saved, and is gone then.',
    action: 'Let go',
    isDangerous: true,
  })
  if (!isMeant) return
  dropDraft()
  viewer.value = { kind: 'SIGNED_OUT', why: 'ENDED' }
}
