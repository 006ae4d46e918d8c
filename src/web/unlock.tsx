import { useState } from 'preact/hooks'
import { isPasskeySupported, type UnlockReason, type UnlockRequired } from '../client/index.ts'
import { useOneAtATime } from './sign-in/one-at-a-time.ts'
import { Dialog } from './ui/dialog.tsx'
import { Field } from './ui/fields.tsx'
import { TaskForm } from './ui/form.tsx'
import { useLoad } from './ui/load.tsx'
import { prompt } from './ui/prompt.ts'
import { useTask } from './ui/task.ts'
import { whyNotUnlocked } from './words.ts'

/** Asks for the passphrase or a passkey, to open the keys. False when it is put off. */
export const unlocks = prompt<UnlockRequired, boolean>(false)

/** Where `unlocks` are asked for. */
export function UnlockDialog() {
  const asked = unlocks.current.value
  if (!asked) return null
  const { needed, answer, key } = asked
  return (
    <Dialog key={key} title="Unlock your encrypted data" onClose={() => answer(false)}>
      <p>{WHY[needed.reason]}</p>
      <UnlockForms service={needed.service} done={() => answer(true)} />
      <p class="quiet">
        <a href="/account/recovery" onClick={() => answer(false)}>
          Passphrase lost?
        </a>
      </p>
      <button type="button" class="plain" onClick={() => answer(false)}>
        Not now
      </button>
    </Dialog>
  )
}

const WHY: Readonly<Record<UnlockReason, string>> = {
  LOCKED: 'Only your passphrase, or a passkey that you let do it, opens what is encrypted. It stays on this device.',
  MASTER_KEY_CHANGED: 'Your keys were changed on another device. Open the new ones.',
}

/** The ways to open the keys: a passkey where one can, and the passphrase. */
export function UnlockForms({ service, done }: { service: UnlockRequired['service']; done: () => void }) {
  const [passphrase, setPassphrase] = useState('')
  const status = useLoad(() => service.status(), [service])
  const byPassphrase = useTask(async () => {
    await service.unlock({ passphrase })
    done()
  })
  const beginOne = useOneAtATime()
  const byPasskey = useTask(async () => {
    const outcome = await service.unlock({ passkey: true, signal: beginOne() })
    if (outcome.kind === 'Unlocked') done()
    else byPasskey.complain(whyNotUnlocked(outcome))
  })
  const canUsePasskey = status.state.kind === 'LOADED' && status.state.value.biometricAvailable && isPasskeySupported()
  return (
    <>
      {canUsePasskey && <TaskForm task={byPasskey} label="Use a passkey" working="Waiting for your passkey" />}
      <TaskForm task={byPassphrase} label="Unlock" working="Opening the keys" kind={canUsePasskey ? 'second' : 'main'}>
        <Field
          label="Passphrase"
          type="password"
          autoComplete="current-password"
          value={passphrase}
          isInvalid={byPassphrase.problem !== ''}
          onValue={(value) => {
            byPassphrase.complain('')
            setPassphrase(value)
          }}
        />
      </TaskForm>
    </>
  )
}
