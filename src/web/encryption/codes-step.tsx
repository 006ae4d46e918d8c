import { useState } from 'preact/hooks'
import { Check } from '../ui/fields.tsx'
import { ActionButton } from '../ui/form.tsx'
import { useTask } from '../ui/task.ts'
import { viewer } from '../viewer.ts'
import type { StepProps } from './key-steps.tsx'
import { StepFrame } from './step-frame.tsx'

/** Shows new recovery codes, to be written down, printed, saved or copied. */
export function ShowCodes({ codes, answer, ...step }: StepProps<boolean> & { codes: readonly string[] }) {
  const [isKept, setKept] = useState(false)
  const task = useTask(async () => {
    if (isKept) answer(true)
    else task.complain('Keep the codes first, then tick the box: they are not shown again.')
  })
  return (
    <StepFrame
      step={step}
      task={task}
      label="Go on"
      lead="If you forget your passphrase, one of these opens your keys. Each works once. Keep them where you keep other papers that matter, not beside your device."
    >
      <Sheet codes={codes} />
      <Keeping codes={codes} />
      <Check
        label="I have written them down, printed or saved them"
        checked={isKept}
        onChecked={(isTicked) => {
          task.complain('')
          setKept(isTicked)
        }}
      />
    </StepFrame>
  )
}

/** The codes; printed, this alone is on the paper. */
function Sheet({ codes }: { codes: readonly string[] }) {
  return (
    <div class="code-sheet">
      <p class="on-paper">{titleOf()}</p>
      <ol aria-label="Recovery codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ol>
      <p class="on-paper">{ADVICE}</p>
    </div>
  )
}

function Keeping({ codes }: { codes: readonly string[] }) {
  const [done, setDone] = useState('')
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(textOf(codes))
      setDone('Copied. Paste them into a password manager, not into a mail.')
    } catch {
      setDone('This browser does not let the page copy. Print or save them.')
    }
  }
  const save = async (): Promise<void> => {
    download('latchkey-recovery-codes.txt', textOf(codes))
    setDone('Saved among your downloads. Move the file to a safe place.')
  }
  return (
    <>
      <div class="buttons keeping">
        <ActionButton label="Print" work={async () => print()} />
        <ActionButton label="Save as a file" work={save} />
        <ActionButton label="Copy" work={copy} />
      </div>
      <p class="hint" role="status">
        {done}
      </p>
    </>
  )
}

const ADVICE = 'Each code works once. Whoever has one and your mail can open what you encrypted.'

function titleOf(): string {
  const who = viewer.value
  const of = who.kind === 'SIGNED_IN' ? ` of ${who.user.email}` : ''
  return `Recovery codes${of} at ${location.host}`
}

/** What is saved and copied. */
const textOf = (codes: readonly string[]): string =>
  [titleOf(), '', ...codes.map((code, at) => `${at + 1}. ${code}`), '', ADVICE, ''].join('\n')

// Some browsers read the address only after the click has been dealt with.
const RELEASE_MS = 10_000

function download(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/plain' }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), RELEASE_MS)
}
