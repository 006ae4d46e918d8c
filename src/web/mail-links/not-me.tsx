import { latchkey, lookWho } from '../latchkey.ts'
import { TaskForm } from '../ui/form.tsx'
import { Heading, Plate } from '../ui/plate.tsx'
import type { Task } from '../ui/task.ts'
import './mail-links.css'
import { NoLink } from './no-link.tsx'
import { useLinkByPress, type LinkState } from './redeem.ts'

/** "This was not me": ends all sessions of the account that a warning was mailed to. */
export function NotMe() {
  const { state, task } = useLinkByPress(async (token) => {
    await latchkey.disownAlert(token)
    void lookWho() // the session of this browser may be among those that ended
  })
  return <Plate>{STATES[state](task)}</Plate>
}

const STATES: Readonly<Record<LinkState, (task: Task<void>) => preact.JSX.Element>> = {
  NO_TOKEN: () => <NoLink href="/" way="To the home page" />,
  ASKED: (task) => <Asked task={task} />,
  DONE: () => (
    <>
      <Heading>Everybody is out</Heading>
      <p class="lead">
        All sessions of the account have ended. Sign in again, and remove the passkeys that you do not know. If somebody
        reads your mail, change its password first.
      </p>
      <SignInAgain />
    </>
  ),
  DEAD: () => (
    <>
      <Heading>This link does not work any more</Heading>
      <p class="lead">
        It was used, or is older than seven days. You can still throw others out: sign in, and end the other sessions
        there.
      </p>
      <SignInAgain />
    </>
  ),
}

function Asked({ task }: { task: Task<void> }) {
  return (
    <>
      <Heading>Throw everybody out?</Heading>
      <p class="lead">
        If you did not do what the mail tells of, press the button. It ends every session of your account, on all
        devices, and asks for a new sign-in everywhere. Your data stays as it is.
      </p>
      <ul class="also">
        <li>If the mail tells of a new passkey or new security questions, those are removed.</li>
        <li>If it tells of a recovery of your encrypted data, or of a new start, that is stopped.</li>
      </ul>
      <TaskForm
        task={task}
        label="This was not me: end all sessions"
        working="Ending all sessions"
        describedBy="caution"
      />
      <div id="caution" class="caution">
        <p>
          <strong>It was you?</strong> Close this page. Nothing has happened.
        </p>
      </div>
    </>
  )
}

const SignInAgain = () => (
  <a class="button" href="/sign-in?redirect_to=%2Faccount%2Fways-in">
    Sign in
  </a>
)
