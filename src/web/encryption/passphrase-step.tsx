import { useEffect, useId, useRef, useState } from 'preact/hooks'
import type { PassphraseChoice, PassphraseStrength } from '../../client/index.ts'
import { Check, Field } from '../ui/fields.tsx'
import { useTask } from '../ui/task.ts'
import type { StepProps } from './key-steps.tsx'
import { StepFrame } from './step-frame.tsx'

/** Asks for a passphrase: one's own, twice or to be seen, or the one that is proposed. */
export function ChoosePassphrase({ choice, answer, ...step }: StepProps<string | null> & { choice: PassphraseChoice }) {
  const [{ first, second, isShown }, change] = usePair()
  const field = useRef<HTMLInputElement>(null)
  const task = useTask(async () => {
    const fault = await faultOf(choice, { first, second, isShown })
    if (fault === null) return answer(first)
    task.complain(fault)
    field.current?.focus()
  })
  const type = (typed: Partial<Typed>): void => {
    task.complain('')
    change(typed)
  }
  return (
    <StepFrame
      step={step}
      task={task}
      label="Go on"
      lead="It opens your keys on any device. It never leaves this one, so nobody can send it to you again."
    >
      <Proposal words={choice.proposal} use={() => type({ first: choice.proposal, second: '', isShown: true })} />
      <Field
        label="Passphrase"
        type={isShown ? 'text' : 'password'}
        autoComplete="new-password"
        autoCapitalize="none"
        spellcheck={false}
        inputRef={field}
        isInvalid={task.problem !== ''}
        value={first}
        onValue={(typed) => type({ first: typed })}
      />
      <Strength text={first} estimate={choice.estimate} />
      {!isShown && (
        <Field
          label="Once more"
          type="password"
          autoComplete="new-password"
          isInvalid={task.problem !== ''}
          value={second}
          onValue={(typed) => type({ second: typed })}
        />
      )}
      <Check label="Show what I type" checked={isShown} onChecked={(isTicked) => type({ isShown: isTicked })} />
    </StepFrame>
  )
}

type Typed = { first: string; second: string; isShown: boolean }

function usePair(): [Typed, (changed: Partial<Typed>) => void] {
  const [typed, setTyped] = useState<Typed>({ first: '', second: '', isShown: false })
  return [typed, (changed) => setTyped((before) => ({ ...before, ...changed }))]
}

/** Why it cannot be taken, in words; null where it can. */
async function faultOf({ estimate }: PassphraseChoice, { first, second, isShown }: Typed): Promise<string | null> {
  if (first === '') return 'Type a passphrase, or use the one above.'
  const strength = await estimate(first)
  if (strength.weak) return `This one is too easy to guess. ${adviceOn(strength)}`
  return isShown || first === second ? null : 'The two are not the same. Type it once more, or let it be shown.'
}

const adviceOn = ({ warning, suggestions }: PassphraseStrength): string => {
  const sentences = [warning, suggestions[0]].filter((text) => text != null && text !== '')
  return sentences.length > 0 ? sentences.map(ended).join(' ') : 'Four or more rare words, in no order, do well.'
}

const ended = (text: string | null | undefined): string => `${String(text).replace(/\.$/, '')}.`

function Proposal({ words, use }: { words: string; use: () => void }) {
  const id = useId()
  return (
    <section class="note proposal" aria-labelledby={id}>
      <h2 id={id}>Six words that nobody can guess</h2>
      <p class="words">{words}</p>
      <p>Drawn by chance on this device. Write them down, or keep them in a password manager.</p>
      <button type="button" class="second" onClick={use}>
        Use this one
      </button>
    </section>
  )
}

const WORDS = ['Very easy to guess', 'Easy to guess', 'Still easy to guess', 'Nearly strong enough', 'Strong'] as const

/** How hard a text is to guess, told while it is typed. */
function Strength({ text, estimate }: { text: string } & Pick<PassphraseChoice, 'estimate'>) {
  const [strength, setStrength] = useState<PassphraseStrength | null>(null)
  const id = useId()
  useEffect(() => {
    if (text === '') return setStrength(null)
    let isOld = false
    // Where the word lists cannot be loaded the button says so.
    estimate(text).then(
      (found) => void (isOld || setStrength(found)),
      () => setStrength(null),
    )
    return () => void (isOld = true)
  }, [text, estimate])
  return (
    <div class="strength">
      <meter
        aria-labelledby={id}
        min={0}
        max={5}
        low={3}
        high={4.5}
        optimum={5}
        value={strength ? levelOf(strength) : 0}
      />
      <p class="hint" id={id} role="status">
        {strength ? wordsFor(strength) : 'At least ten characters; several rare words do well.'}
      </p>
    </div>
  )
}

const levelOf = ({ score, weak }: PassphraseStrength): number => (weak ? Math.min(score, 3) : score) + 1

const wordsFor = ({ score, weak }: PassphraseStrength): string =>
  weak && score === 4 ? 'Too short: ten characters are the least' : WORDS[score]
