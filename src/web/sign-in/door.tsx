import { useEffect, useRef, useState } from 'preact/hooks'
import { isPasskeySupported } from '../../client/index.ts'
import { Check, Field } from '../ui/fields.tsx'
import { TaskForm } from '../ui/form.tsx'
import { Heading } from '../ui/plate.tsx'
import { useTask } from '../ui/task.ts'
import { ByPasskey } from './by-passkey.tsx'
import { wasPasskeyUsed } from './passkey-used.ts'
import type { SigningIn } from './sign-in.tsx'

/** What somebody fills in to sign in, and where they come from. */
export type Wish = {
  email: string
  rememberDevice: boolean
  redirectTo: string | null
  /** The place that they were to return to is not allowed. */
  isPlaceRefused: boolean
}

/** Where a sign-in begins: by a passkey, first where one was used here before, or by a mail. */
export function Door(signIn: SigningIn) {
  const { wish, change } = signIn
  const [hasPasskeys, setHasPasskeys] = useState(isPasskeySupported)
  const isPasskeyMain = hasPasskeys && wasPasskeyUsed()
  return (
    <>
      <Heading takesFocus={false}>Sign in</Heading>
      <p class="lead">
        {hasPasskeys
          ? 'No password: a passkey or a mail will do.'
          : 'We mail you a link and a code. There is no password.'}
      </p>
      <div role="status">
        {wish.isPlaceRefused && (
          <p class="note">
            The app that sent you here gave a place to return to that this server does not allow. You can sign in, and
            arrive at your account instead.
          </p>
        )}
      </div>
      {hasPasskeys && <ByPasskey {...signIn} isMain={isPasskeyMain} onUnavailable={() => setHasPasskeys(false)} />}
      {hasPasskeys && <p class="or">or</p>}
      <ByMail {...signIn} isMain={!isPasskeyMain} />
      <div class="more remember">
        <Check
          label="Remember this device"
          hint="You stay signed in for 30 days, not one. Only for a device of your own."
          checked={wish.rememberDevice}
          onChecked={(rememberDevice) => change({ rememberDevice })}
        />
      </div>
    </>
  )
}

function ByMail({ wish, change, sendMail, refusePlace, isMain }: SigningIn & { isMain: boolean }) {
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (isMain) field.current?.focus()
  }, []) // only at first: what is main changes under the reader where the server has no passkeys
  const task = useTask(async () => {
    if (!wish.email.includes('@')) {
      task.complain('Type your mail address, as in ada@example.com.')
      return field.current?.focus()
    }
    await sendMail().catch(refusePlace)
  })
  return (
    <TaskForm task={task} label="Send me a link" working="Sending" kind={isMain ? 'main' : 'second'}>
      <Field
        label="Mail address"
        type="email"
        name="email"
        autoComplete="username webauthn"
        autoCapitalize="none"
        spellcheck={false}
        inputRef={field}
        value={wish.email}
        isInvalid={task.problem !== '' && !task.isWaiting}
        onValue={(email) => {
          if (!task.isWaiting) task.complain('')
          change({ email })
        }}
      />
    </TaskForm>
  )
}
