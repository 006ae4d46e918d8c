import type { ComponentChildren } from 'preact'
import type { EncryptionStatus, Passkey, RecoveryStatus } from '../../client/index.ts'
import { AccountFrame } from '../account/frame.tsx'
import { FEW_CODES } from '../encryption/few-codes.ts'
import { latchkey } from '../latchkey.ts'
import { confirmed } from '../ui/confirm.tsx'
import { ActionButton } from '../ui/form.tsx'
import { Loaded, useLoad } from '../ui/load.tsx'
import { focusHeading } from '../ui/plate.tsx'
import { say } from '../ui/said.tsx'
import { codesLeft, whenAndHowLong } from './recovery-words.ts'
import { UnderWay } from './under-way.tsx'

type Shown = { status: RecoveryStatus; encryption: EncryptionStatus; passkeys: readonly Passkey[] }

/** What there is to recover by, how it stands, and the way to those who cannot open their data. */
export function WaysBack() {
  return <AccountFrame title="Recovery">{() => <Ways />}</AccountFrame>
}

async function look(): Promise<Shown> {
  const [status, encryption, passkeys] = await Promise.all([
    latchkey.encryption.recoveryStatus(),
    latchkey.encryption.status(),
    latchkey.devices(),
  ])
  return { status, encryption, passkeys }
}

function Ways() {
  const shown = useLoad(look)
  return (
    <Loaded from={shown}>
      {(value) =>
        value.encryption.enabled ? (
          <>
            <UnderWay status={value.status} changed={shown.reload} />
            <p class="lead">
              If you lose your passphrase, one of these opens your encrypted data again. You sign in by mail in any
              case.
            </p>
            <List {...value} reload={shown.reload} />
            <LockedOut />
            <FormerKeys until={value.status.formerKeysUntil} />
          </>
        ) : (
          <NothingToRecover />
        )
      }
    </Loaded>
  )
}

function NothingToRecover() {
  return (
    <>
      <p class="lead">
        There is nothing to recover yet: you have not switched on encryption, and you sign in by mail in any case.
      </p>
      <p class="quiet empty">Ways to recover come with encryption: codes on paper, a passkey, security questions.</p>
      <a class="button fit" href="/account/encryption">
        See what encryption does
      </a>
    </>
  )
}

function List({ status, encryption, passkeys, reload }: Shown & { reload: () => Promise<void> }) {
  const hasQuestions = status.questions.length > 0
  return (
    <ul class="things ways-back">
      <Codes left={status.recoveryCodesLeft} />
      <ByPasskeys isUnlocking={encryption.biometricAvailable} count={passkeys.length} />
      {(status.takesQuestions || hasQuestions) && <Questions isSet={hasQuestions} reload={reload} />}
    </ul>
  )
}

function Way(props: { name: string; state: string; isWeak?: boolean; words: string; children: ComponentChildren }) {
  const { name, state, isWeak = false, words, children } = props
  return (
    <li>
      <div>
        <h2>
          {name} <span class={isWeak ? 'state weak' : 'state'}>{state}</span>
        </h2>
        <p class="quiet">{words}</p>
      </div>
      <div class="row">{children}</div>
    </li>
  )
}

function Codes({ left }: { left: number }) {
  const words =
    left > FEW_CODES
      ? 'On paper, each opens once, and at once.'
      : 'Make eight new ones before they run out. The old ones then end.'
  return (
    <Way name="Recovery codes" state={codesLeft(left)} isWeak={left <= FEW_CODES} words={words}>
      <a href="/account/encryption">Make new codes</a>
    </Way>
  )
}

function ByPasskeys({ isUnlocking, count }: { isUnlocking: boolean; count: number }) {
  if (isUnlocking) {
    return (
      <Way
        name="Passkeys"
        state="One or more unlock"
        words="Your fingerprint, face or key, and a code by mail. At once."
      >
        <a href="/account/encryption">Which ones</a>
      </Way>
    )
  }
  const words =
    count === 0
      ? 'You have no passkey yet. One that unlocks saves you the passphrase, too.'
      : 'Your passkeys sign you in. You can let them unlock your data as well.'
  return (
    <Way name="Passkeys" state="None unlocks" words={words}>
      {count === 0 ? <a href="/account/ways-in">Add a passkey</a> : <a href="/account/encryption">Let one unlock</a>}
    </Way>
  )
}

function Questions({ isSet, reload }: { isSet: boolean; reload: () => Promise<void> }) {
  const words = isSet
    ? 'Two right answers of three, and a wait of two days in which you can stop it.'
    : 'The weakest way, and you need none. For those who keep no paper and have no second device.'
  return (
    <Way name="Security questions" state={isSet ? 'Set' : 'Not set'} words={words}>
      <a href="/account/recovery?way=questions">{isSet ? 'Replace' : 'Set questions'}</a>
      {isSet && <ActionButton label="Remove" about="Security questions" work={() => remove(reload)} />}
    </Way>
  )
}

async function remove(reload: () => Promise<void>): Promise<void> {
  const isSure = await confirmed({
    title: 'Remove your security questions?',
    words: 'Their answers then open nothing any more. Your codes and passkeys go on as they are.',
    action: 'Remove them',
    isDangerous: true,
  })
  if (!isSure) return
  await latchkey.encryption.removeSecurityQuestions()
  await reload()
  focusHeading() // the button is gone
  say('Your security questions are removed.')
}

function LockedOut() {
  return (
    <section class="locked-out">
      <h2>Locked out?</h2>
      <p>Passphrase forgotten, or the device lost that unlocked your data: begin here.</p>
      <a class="button fit" href="/account/recovery?way=choose">
        I cannot open my data
      </a>
    </section>
  )
}

function FormerKeys({ until }: { until: string | null }) {
  if (until === null) return null
  return (
    <section>
      <h2>From before your new start</h2>
      <p>
        What your old keys locked is kept until {whenAndHowLong(until)}. If the old passphrase or an old recovery code
        turns up before, you can take it back.
      </p>
      <a class="button second fit" href="/account/recovery?way=take-back">
        I have found one
      </a>
    </section>
  )
}
