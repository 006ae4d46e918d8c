// #region client
import { createClient } from 'latchkey/client'

export const latchkey = createClient({
  url: 'https://id.example.com/graphql',
  onReauthenticationRequired: (needed) => dialogs.prove(needed),
  encryption: {
    // Called where encrypted fields are read or written, and the keys are locked.
    onUnlockRequired: () => unlock(),
  },
})

type Note = { title: string; colour: string; body: string; pin: string }

/** The title and the colour are plain, the PIN is sealed by the server, the body is readable by its owner alone. */
export const notes = latchkey.collection<Note>('notes', { encrypted: ['body'], sealed: ['pin'] })
// #endregion

// #region set-up
import type { SetupSteps } from 'latchkey/client'

/** Your dialogs, in this order. Each gives `null` or `false` when it is called off; nothing is switched on before the last. */
export const setupDialogs: SetupSteps = {
  explain: ({ protects, doesNotProtect, lost }) => dialogs.confirm([...protects, ...doesNotProtect, ...lost]),
  choosePassphrase: ({ proposal, fault }) =>
    dialogs.askText(fault?.warning ?? 'Choose a passphrase, or take this one.', proposal),
  showCodes: ({ codes }) => dialogs.confirm(['Write these down:', ...codes]),
  typeBack: ({ positions, fault }) =>
    dialogs.askCodes(fault ? `Code ${fault.position} is not right.` : 'To be sure:', positions),
}

export async function switchOn(): Promise<boolean> {
  const outcome = await latchkey.encryption.setup(setupDialogs)
  return outcome.kind === 'Enabled'
}
// #endregion

// #region read-and-write
export async function addNote(note: Note): Promise<string> {
  return (await notes.create(note)).id
}

/** What does not open is marked, and does not spoil the page. */
export async function notesPage(after?: string) {
  const { items, pageInfo } = await notes.page({ first: 20, after: after ?? null })
  const lines = items.map(({ id, value, keyState }) => {
    if (keyState === 'LOCKED') return { id, title: value.title, body: 'Unlock to read this.' }
    if (keyState === 'UNREADABLE') return { id, title: value.title, body: 'This does not open.' }
    return { id, title: value.title, body: value.body }
  })
  return { lines, next: pageInfo.hasNextPage ? pageInfo.endCursor : null }
}

export async function readPin(id: string): Promise<string | undefined> {
  return (await notes.getSealed({ id })).pin
}
// #endregion

// #region change
import { ItemConflict } from 'latchkey/client'

/** A rotation of keys that comes between two edits is no conflict. Somebody else's edit is: then both are kept. */
export async function appendTo(id: string, line: string): Promise<void> {
  let note = await notes.get(id)
  while (note) {
    try {
      await notes.update(note, { body: `${note.value.body ?? ''}\n${line}` })
      return
    } catch (error) {
      if (!(error instanceof ItemConflict)) throw error
      note = await notes.get(id) // as it stands now, with the other's edit in it
    }
  }
}
// #endregion

// #region unlock
import { isLatchkeyError } from 'latchkey/client'

/** By a fingerprint where this device can, else by the passphrase. True once the keys are open. */
export async function unlock(): Promise<boolean> {
  const { enabled, biometricAvailable } = await latchkey.encryption.status()
  if (!enabled) return switchOn() // there are no keys to open yet
  if (biometricAvailable) {
    const outcome = await latchkey.encryption.unlock({ passkey: true })
    if (outcome.kind === 'Unlocked') return true // else it was called off, or that passkey cannot
  }
  for (let question = 'Your passphrase:'; ; question = 'That was not it. Your passphrase:') {
    const passphrase = await dialogs.askText(question)
    if (passphrase === null) return false
    try {
      await latchkey.encryption.unlock({ passphrase })
      return true
    } catch (error) {
      if (!isLatchkeyError(error, 'SECRET_WRONG')) throw error
    }
  }
}
// #endregion

// #region fingerprint
/** Gives what to tell the person. The passphrase goes on working, whatever comes of this. */
export async function unlockByFingerprintFromNowOn(passphrase: string): Promise<string> {
  const outcome = await latchkey.encryption.storeBiometricKey({ passphrase })
  if (outcome.kind === 'Stored') return `"${outcome.passkey.name}" unlocks from now on.`
  if (outcome.kind === 'NoPrf') return 'This device cannot unlock by a passkey. Your passphrase goes on working.'
  return 'No passkey was used.'
}
// #endregion

// #region other-secrets
export async function changePassphrase(current: string, next: string): Promise<void> {
  await latchkey.encryption.changePassphrase({ current, next })
}

/** The old codes end once the new ones were written down. */
export async function newCodes(passphrase: string): Promise<boolean> {
  const { showCodes, typeBack } = setupDialogs
  const outcome = await latchkey.encryption.regenerateRecoveryCodes({ passphrase, showCodes, typeBack })
  return outcome.kind === 'Replaced'
}
// #endregion

// #region rotate
/** New keys for everything that is written from now on, and for all records. Interrupted, any device goes on with it. */
export async function changeKeys(bar: { done: number; total: number }): Promise<void> {
  await latchkey.encryption.rotate({ onProgress: (progress) => void Object.assign(bar, progress) })
}

/** After a passphrase or a code came into wrong hands: another master key, another passphrase, other codes. */
export async function changeEverything(passphrase: string, newPassphrase: string): Promise<boolean> {
  const { showCodes, typeBack } = setupDialogs
  const everything = { passphrase, newPassphrase, showCodes, typeBack }
  const outcome = await latchkey.encryption.rotate({ everything })
  return outcome.kind === 'Rotated'
}

/** When the page has loaded and the keys are open. */
export async function goOnWithRotation(): Promise<void> {
  await latchkey.encryption.resumeRotation()
}
// #endregion

import type { Reauthentication } from 'latchkey/client'

/** What your app shows. `prove` is in "Use Latchkey from a frontend". */
export const dialogs = {
  prove: (_: Reauthentication): Promise<boolean> => Promise.resolve(false),
  confirm: (_lines: readonly string[]): Promise<boolean> => Promise.resolve(false),
  askText: (_question: string, _proposal?: string): Promise<string | null> => Promise.resolve(null),
  askCodes: (_question: string, _positions: readonly number[]): Promise<readonly string[] | null> =>
    Promise.resolve(null),
}
