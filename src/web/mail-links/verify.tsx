import { ago } from '../times.ts'
import { useEffect, useState } from 'preact/hooks'
import { isLatchkeyError, type ConfirmationRequired } from '../../client/index.ts'
import { latchkey } from '../latchkey.ts'
import { useGoOn } from '../sign-in/go-on.ts'
import { Onward } from '../sign-in/onward.tsx'
import { takeToken } from '../token-in-address.ts'
import { TaskForm } from '../ui/form.tsx'
import { Waiting } from '../ui/load.tsx'
import { Heading, Plate } from '../ui/plate.tsx'
import { useTask, type Task } from '../ui/task.ts'
import { NoLink } from './no-link.tsx'

type Step =
  | { kind: 'NO_TOKEN' | 'OPENING' | 'FAILED' | 'DEAD' }
  | { kind: 'CONFIRM'; asked: ConfirmationRequired }
  | { kind: 'DONE'; place: string }

/**
 * Signs in by the link of a mail: at once in the browser that asked for it, by a press in any other. Without the press
 * the server uses nothing up there, so that a scanner that opens the page, and runs its script, changes nothing.
 */
export function Verify() {
  const { step, open, confirm } = useLink()
  useEffect(() => {
    if (step.kind === 'OPENING') void open.run()
  }, [])
  return <Plate>{shown()}</Plate>

  function shown() {
    switch (step.kind) {
      case 'NO_TOKEN':
        return <NoLink href="/sign-in" way="Ask for a new link" />
      case 'OPENING':
        return <Opening />
      case 'FAILED':
        return <NotYet task={open} />
      case 'DEAD':
        return <Dead />
      case 'CONFIRM':
        return <Confirm asked={step.asked} task={confirm} />
      case 'DONE':
        return <Onward place={step.place} />
    }
  }
}

function useLink() {
  const goOn = useGoOn()
  const [token] = useState(takeToken)
  const [step, setStep] = useState<Step>({ kind: token === '' ? 'NO_TOKEN' : 'OPENING' })

  async function redeem({ confirm }: { confirm: boolean }): Promise<void> {
    try {
      const result = await latchkey.verifyMagicLink({ token, confirm })
      if (result.__typename === 'SignedIn') setStep({ kind: 'DONE', place: goOn(result) })
      else setStep({ kind: 'CONFIRM', asked: result })
    } catch (error) {
      if (!isLatchkeyError(error, 'LINK_INVALID')) throw error
      setStep({ kind: 'DEAD' })
    }
  }

  const open = useTask(async () => {
    try {
      await redeem({ confirm: false })
    } catch (error) {
      setStep({ kind: 'FAILED' })
      throw error
    }
  })
  const confirm = useTask(() => redeem({ confirm: true }))
  return { step, open, confirm }
}

function Opening() {
  return (
    <>
      <Heading>Signing you in</Heading>
      <Waiting words="Checking your link" />
    </>
  )
}

function Confirm({ asked, task }: { asked: ConfirmationRequired; task: Task<void> }) {
  return (
    <>
      <Heading>Sign in here?</Heading>
      <p class="lead">This link was asked for in another browser.</p>
      <WhatWasAsked asked={asked} />
      <TaskForm task={task} label="Sign in here" working="Signing in" describedBy="caution" />
      <div id="caution" class="caution">
        <p>
          <strong>You did not ask for this mail?</strong> Close this page. Nothing has happened, and nobody gets in
          without the link.
        </p>
        <p>
          <strong>Somebody sent you the link?</strong> Do not press. You would be signed in to their account, and they
          could read what you save.
        </p>
      </div>
    </>
  )
}

function WhatWasAsked({ asked: { email, requestedAt, deviceName, ipAddress } }: { asked: ConfirmationRequired }) {
  const at = new Date(requestedAt)
  return (
    <dl class="facts">
      <div>
        <dt>Account</dt>
        <dd>{email}</dd>
      </div>
      <div>
        <dt>When</dt>
        <dd>
          <time dateTime={at.toISOString()}>{ago(at)}</time>
        </dd>
      </div>
      <div>
        <dt>Browser</dt>
        <dd>{deviceName}</dd>
      </div>
      <div>
        <dt>From</dt>
        <dd>{ipAddress ?? 'an unknown address'}</dd>
      </div>
    </dl>
  )
}

function Dead() {
  return (
    <>
      <Heading>This link no longer works</Heading>
      <p class="lead">
        A link works once, and not for long. This one has been used, or is too old, or was not copied whole.
      </p>
      <a class="button" href="/sign-in">
        Ask for a new link
      </a>
      <p class="quiet">
        Signed in with it already? Then <a href="/account">go to your account</a>.
      </p>
    </>
  )
}

function NotYet({ task }: { task: Task<void> }) {
  return (
    <>
      <Heading>That did not work yet</Heading>
      <TaskForm task={task} label="Try again" working="Trying" />
    </>
  )
}
