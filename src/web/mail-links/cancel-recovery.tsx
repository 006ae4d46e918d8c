import { latchkey } from '../latchkey.ts'
import { TaskForm } from '../ui/form.tsx'
import { Heading, Plate } from '../ui/plate.tsx'
import type { Task } from '../ui/task.ts'
import { NoLink } from './no-link.tsx'
import { useLinkByPress, type LinkState } from './redeem.ts'

/** Stops a recovery, or a start without the keys, by the link of the mail that warns of it. */
export function CancelRecovery() {
  const { state, task } = useLinkByPress((token) => latchkey.encryption.cancelRecovery(token))
  return <Plate>{STATES[state](task)}</Plate>
}

const STATES: Readonly<Record<LinkState, (task: Task<void>) => preact.JSX.Element>> = {
  NO_TOKEN: () => <NoLink href="/" way="To the home page" />,
  ASKED: (task) => <Asked task={task} />,
  DONE: () => (
    <>
      <Heading>It is stopped</Heading>
      <p class="lead">Nothing can be opened by it any more, and this way to recover is locked for seven days.</p>
      <p>
        Whoever began it was signed in to your account. If that was not you, look at your sessions now, and end those
        that you do not know. If somebody reads your mail, change its password first.
      </p>
      <a class="button" href="/account/sessions">
        Look at my sessions
      </a>
    </>
  ),
  DEAD: () => (
    <>
      <Heading>There is nothing to stop by this link</Heading>
      <p class="lead">
        It was used, or what it would stop is over: stopped, finished, or out of time. Sign in to see what is under way
        in your account, and who is signed in.
      </p>
      <a class="button" href="/account">
        To my account
      </a>
    </>
  ),
}

function Asked({ task }: { task: Task<void> }) {
  return (
    <>
      <Heading>Stop the recovery?</Heading>
      <p class="lead">
        If you did not ask to recover your encrypted data, or to begin anew without it, press the button. What is under
        way ends, and nothing more can be opened by it. Your data stays as it is.
      </p>
      <p>This way to recover is then locked for seven days, for you too. Nobody is signed out.</p>
      <TaskForm task={task} label="Stop it" working="Stopping it" describedBy="caution" />
      <div id="caution" class="caution">
        <p>
          <strong>It was you?</strong> Close this page. Nothing has happened.
        </p>
      </div>
    </>
  )
}
