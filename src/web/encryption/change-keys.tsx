import { isLatchkeyError, type NotRecovered, type Reencrypted, type Rotated } from '../../client/index.ts'
import { latchkey } from '../latchkey.ts'
import { say } from '../ui/said.tsx'
import { Deed } from './deed.tsx'
import type { PartProps } from './encryption.tsx'
import { RENEWAL } from './key-steps.tsx'
import { useUnlocked } from './use-unlocked.ts'
import { askPassphrase } from './passphrase-dialog.tsx'
import { chooseNext } from './secrets.tsx'

/** New keys: of the records alone, or of everything. */
export function ChangeKeys(part: PartProps) {
  return (
    <section aria-labelledby="keys">
      <h2 id="keys">Change the keys</h2>
      <h3>A new record key</h3>
      <p>
        Everything is encrypted anew with a fresh key. Passphrase, codes and passkeys stay. Good to do now and then, or
        when a device was lost while it was unlocked.
      </p>
      <Deed label="Change the record key" work={() => changeRecordKey(part)} />
      <h3>Everything</h3>
      <p>
        When somebody may know your passphrase or a code: a new passphrase, new codes, new keys. Passkeys that you have
        at hand go on unlocking, and security questions have to be set anew.
      </p>
      <Deed label="Change everything" work={() => changeEverything(part)} />
    </section>
  )
}

/** What is left of a change that was interrupted, here or on another device. */
export function UnfinishedRotation({ status: { rotation }, turning, reload }: PartProps) {
  const isUnlocked = useUnlocked()
  if (!rotation || rotation.finishedAt !== null) return null
  const goOn = async (): Promise<string | null> => {
    const resume = turning.run((options) => latchkey.encryption.resumeRotation(options), { isLong: true })
    const done = await resume.finally(() => reload().catch(() => undefined))
    say(done ? wordsFor(done) : STOPPED)
    return null
  }
  return (
    <section class="note unfinished" aria-labelledby="unfinished">
      <h2 id="unfinished">A change of keys is not finished</h2>
      <p>{leftWords(rotation.recordsLeft)}</p>
      <Deed label="Go on" kind={isUnlocked ? 'main' : 'second'} work={goOn} />
    </section>
  )
}

const leftWords = (left: number): string =>
  left === 1
    ? 'One record is still encrypted with the old key. It can be read as ever; going on gives it the new one.'
    : `${left} records are still encrypted with the old key. They can be read as ever; going on gives them the new one.`

async function changeRecordKey(part: PartProps): Promise<string | null> {
  const rotating = part.turning.run((options) => latchkey.encryption.rotate(options), { isLong: true })
  return endOf(rotating, part, 'The connection broke. If the new key is in force already, this page offers to go on.')
}

async function changeEverything(part: PartProps): Promise<string | null> {
  const passphrase = await askPassphrase({
    title: 'Change everything',
    words: 'Your passphrase of today opens the old keys. Nothing is changed before you have kept the new codes.',
  })
  if (passphrase === null) return null
  const rotating = part.turning.run(
    (options) =>
      part.steps.run(async (shown) => {
        const newPassphrase = await chooseNext(shown)
        if (newPassphrase === null) return { kind: 'CalledOff', at: 'choosePassphrase' } as const
        const { showCodes, typeBack, touchPasskey } = shown
        const everything = { passphrase, newPassphrase, showCodes, typeBack, touchPasskey }
        return latchkey.encryption.rotate({ ...options, everything })
      }, RENEWAL),
    { isLong: false },
  )
  return endOf(rotating, part, EVERYTHING_UNKNOWN)
}

const EVERYTHING_UNKNOWN =
  'The connection broke, so that the new keys may be in force, or the old ones. Keep the old codes and the new ones, and unlock by the new passphrase; if that does not open, the old one does.'

/** Waits for a rotation, and gives what is amiss: `cutOff` where no answer came. */
async function endOf(
  rotating: Promise<Rotated | NotRecovered | null>,
  { reload }: PartProps,
  cutOff: string,
): Promise<string | null> {
  try {
    return tell(await rotating)
  } catch (error) {
    if (isLatchkeyError(error, 'NETWORK')) return cutOff
    throw error
  } finally {
    await reload().catch(() => undefined) // once there is a connection the page asks again
  }
}

/** Says how it ended; gives what is amiss. Null for one that was stopped. */
function tell(outcome: Rotated | NotRecovered | null): string | null {
  if (outcome?.kind === 'RotatedElsewhere') {
    return 'Another device has changed the keys at the same time, and those count. Codes that were shown here are worth nothing.'
  }
  if (!outcome) say(STOPPED)
  else if (outcome.kind === 'CalledOff') say('Nothing was changed. Codes that were shown are worth nothing.')
  else say([wordsFor(outcome), ...lossesOf(outcome)].join(' '))
  return null
}

const STOPPED = 'Stopped. What is done stays done; go on with the rest whenever you like.'

function wordsFor({ unreadable }: Reencrypted): string {
  const { length: left } = unreadable
  if (left === 0) return 'The new key is in force, and everything is encrypted with it.'
  return `The new key is in force. ${left === 1 ? 'One record does' : `${left} records do`} not open, and stayed as it was.`
}

function lossesOf({ passkeysLost, questionsLost }: Rotated): string[] {
  return [
    passkeysLost.length > 0 && 'Passkeys that were left out unlock no more; allow them again below.',
    questionsLost && 'Set your security questions anew under Recovery.',
  ].filter((words) => words !== false)
}
