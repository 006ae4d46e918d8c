import { dateAndTime } from '../times.ts'
import { useRef } from 'preact/hooks'
import { latchkey } from '../latchkey.ts'
import { UnlockForms } from '../unlock.tsx'
import { Deed } from './deed.tsx'
import type { PartProps } from './encryption.tsx'
import { useUnlocked } from './use-unlocked.ts'

/** Whether the keys are open here, with the way to open or lock them, and what else there is to know. */
export function Standing({ status, reload }: PartProps) {
  const isUnlocked = useUnlocked()
  const heading = useRef<HTMLHeadingElement>(null)
  const toHeading = (): void => heading.current?.focus()
  return (
    <section class={isUnlocked ? 'standing open' : 'standing'} aria-labelledby="standing">
      <h2 id="standing" ref={heading} tabIndex={-1}>
        {isUnlocked ? 'Unlocked on this device' : 'Locked'}
      </h2>
      {isUnlocked ? (
        <Unlocked locked={toHeading} />
      ) : (
        <Locked
          unlocked={() => {
            toHeading()
            reload().catch(() => undefined) // what is shown is true still
          }}
        />
      )}
      <Facts status={status} />
    </section>
  )
}

function Unlocked({ locked }: { locked: () => void }) {
  const lock = async (): Promise<null> => {
    await latchkey.encryption.lock()
    locked()
    return null
  }
  return (
    <>
      <p>
        Pages that you open here can read what you encrypted. It locks by itself after 15 minutes without use, and when
        you close the page.
      </p>
      <Deed label="Lock now, in all tabs" work={lock} />
    </>
  )
}

function Locked({ unlocked }: { unlocked: () => void }) {
  return (
    <>
      <p>What you encrypted stays closed on this device until you unlock it.</p>
      <UnlockForms service={latchkey.encryption} done={unlocked} />
      <p class="quiet">
        Passphrase lost? <a href="/account/recovery">Recover your keys</a>
      </p>
    </>
  )
}

function Facts({ status }: Pick<PartProps, 'status'>) {
  const { createdAt, recoveryCodesLeft, biometricAvailable, securityQuestionsSet } = status
  const openers = ['your passphrase', biometricAvailable && 'a passkey', 'a recovery code']
  return (
    <dl class="facts">
      {createdAt !== null && (
        <div>
          <dt>On since</dt>
          <dd>{dateAndTime(new Date(createdAt))}</dd>
        </div>
      )}
      <div>
        <dt>Opened by</dt>
        <dd>{listed([...openers.filter((one) => one !== false), ...(securityQuestionsSet ? ['two answers'] : [])])}</dd>
      </div>
      <div>
        <dt>Codes left</dt>
        <dd>{recoveryCodesLeft} of 8</dd>
      </div>
    </dl>
  )
}

function listed(things: readonly string[]): string {
  const text = new Intl.ListFormat('en', { type: 'disjunction' }).format(things)
  return text.charAt(0).toUpperCase() + text.slice(1)
}
