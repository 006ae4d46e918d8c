import type { RecoveryMethod, RecoveryStatus } from '../../client/index.ts'
import { AccountFrame } from '../account/frame.tsx'
import { latchkey } from '../latchkey.ts'
import { Loaded, useLoad } from '../ui/load.tsx'
import { codesLeft, PLACES } from './recovery-words.ts'
import { BackToRecovery } from './back-to-recovery.tsx'
import { UnderWay } from './under-way.tsx'

/** The ways that somebody has who cannot open their data. */
export function ChooseWay() {
  return <AccountFrame title="Open your data again">{() => <Choice />}</AccountFrame>
}

function Choice() {
  const status = useLoad(() => latchkey.encryption.recoveryStatus())
  return (
    <>
      <Loaded from={status}>
        {(value) => (
          <>
            <UnderWay status={value} changed={status.reload} />
            {value.methods.length > 0 ? <Methods status={value} /> : <NoWay />}
            <p class="quiet">
              {value.methods.length > 0 && 'Nothing of this at hand? '}
              <a href="/account/recovery?way=anew">Begin anew with empty keys</a>, and give up what is encrypted now.
            </p>
          </>
        )}
      </Loaded>
      <BackToRecovery />
    </>
  )
}

const CARDS: Readonly<Record<RecoveryMethod, { name: string; words: (status: RecoveryStatus) => string }>> = {
  RECOVERY_CODE: {
    name: 'Use a recovery code',
    words: ({ recoveryCodesLeft }) => `From your paper or file. Opens at once; ${codesLeft(recoveryCodesLeft)}.`,
  },
  PASSKEY: {
    name: 'Use a passkey',
    words: () => 'One that you have let unlock your data. Opens at once, with a code by mail.',
  },
  SECURITY_QUESTIONS: {
    name: 'Answer your security questions',
    words: () => 'Two right answers of three. Opens after two days.',
  },
}

const ORDER = ['RECOVERY_CODE', 'PASSKEY', 'SECURITY_QUESTIONS'] as const

function Methods({ status }: { status: RecoveryStatus }) {
  return (
    <>
      <p class="lead">
        Whichever way you take, you choose a new passphrase and get new recovery codes. Every other device is signed
        out.
      </p>
      <ul class="ways">
        {ORDER.filter((method) => status.methods.includes(method)).map((method) => (
          <li key={method}>
            <a href={PLACES[method]}>{CARDS[method].name}</a>
            <p class="quiet">{CARDS[method].words(status)}</p>
          </li>
        ))}
      </ul>
    </>
  )
}

function NoWay() {
  return (
    <p class="lead">
      There is no way left to open what is encrypted: no code, no passkey, no questions. Nobody can open it for you, not
      even whoever runs this server. Look once more for your passphrase.
    </p>
  )
}
