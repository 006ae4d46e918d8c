// #region client
import { createClient } from 'latchkey/client'

export const latchkey = createClient({
  url: 'https://id.example.com/graphql',
  onUnauthenticated: () => location.assign('/sign-in'),
  onReauthenticationRequired: (needed) => prove(needed), // see "Asking people to prove who they are"
})
// #endregion

// #region ask-for-mail
export async function askForMail(email: string): Promise<string> {
  const { message } = await latchkey.requestMagicLink({
    email,
    rememberDevice: true, // 30 days instead of 24 hours
    redirectTo: 'https://app.example.com/notes', // where the link leads in the end
  })
  return message // show it, with a field for the code
}
// #endregion

// #region sign-in-with-code
export async function signInWithCode(code: string): Promise<void> {
  const answer = await latchkey.verifyMagicCode({ code })
  if (answer.__typename === 'SignedIn') location.assign(answer.redirectTo ?? '/')
}
// #endregion

// #region link-page
import type { ConfirmationRequired } from 'latchkey/client'

/** `ask` shows when and from where the mail was asked for, and resolves when the person presses the button. */
export async function openLink(ask: (request: ConfirmationRequired) => Promise<void>): Promise<void> {
  const token = location.hash.slice(1)
  history.replaceState(null, '', location.pathname) // the token leaves the address bar
  let answer = await latchkey.verifyMagicLink({ token })
  if (answer.__typename === 'ConfirmationRequired') {
    await ask(answer)
    answer = await latchkey.verifyMagicLink({ token, confirm: true })
  }
  if (answer.__typename === 'SignedIn') location.replace(answer.redirectTo ?? '/')
}
// #endregion

// #region passkey-sign-in
import { isAutofillSupported } from 'latchkey/client'

/** Once, when the sign-in page has loaded. Its field has `autocomplete="username webauthn"`. */
export async function offerPasskeys(): Promise<void> {
  if (!(await isAutofillSupported())) return
  const outcome = await latchkey.signInWithPasskey({ autofill: true })
  if (outcome.kind === 'SignedIn') location.assign('/')
}

/** For a button. Gives what to tell the person, if anything. */
export async function signInWithPasskey(): Promise<string | null> {
  const outcome = await latchkey.signInWithPasskey({ rememberDevice: true })
  if (outcome.kind === 'NotUsed') return 'No passkey was used. You can always sign in by mail.'
  location.assign('/')
  return null
}
// #endregion

// #region who-and-out
import type { User } from 'latchkey/client'

export async function whoIsIt(): Promise<User | null> {
  return latchkey.me() // null when nobody is signed in
}

export async function signOut(everywhere: boolean): Promise<void> {
  if (everywhere) await latchkey.revokeOtherSessions()
  await latchkey.logout()
}
// #endregion

// #region passkeys
import type { Passkey } from 'latchkey/client'

/** Gives what to tell the person. */
export async function addPasskey(): Promise<string> {
  const outcome = await latchkey.registerPasskey()
  if (outcome.kind === 'Registered') return `${outcome.passkey.name} can sign you in now. Mail still can, too.`
  if (outcome.reason === 'ALREADY_REGISTERED') return 'This device has a passkey of yours already.'
  return outcome.reason === 'UNSUPPORTED' ? 'This browser cannot make a passkey.' : 'No passkey was made.'
}

export async function passkeys(): Promise<{ list: Passkey[]; mayAdd: boolean }> {
  const { passkeys, passkeysLeft } = await latchkey.securityDevices()
  return { list: passkeys, mayAdd: passkeysLeft > 0 }
}
// #endregion

// #region prove
import type { Reauthentication } from 'latchkey/client'

/** In the place of your own dialog: gives what the person typed, or null when they put it off. */
export const dialog = {
  ask: (question: string): Promise<string | null> => Promise.resolve(prompt(question)),
}

/** True once the person has proved who they are. */
async function prove({ methods, client }: Reauthentication): Promise<boolean> {
  if (methods.includes('PASSKEY')) {
    const outcome = await client.reauthenticateWithPasskey()
    if (outcome.kind === 'Proved') return true
  }
  if (!methods.includes('MAGIC_LINK')) return false
  await client.requestReauthenticationCode()
  const code = await dialog.ask('We sent you a mail. Which code does it hold?')
  if (code === null) return false
  await client.reauthenticateWithCode({ code })
  return true
}
// #endregion

// #region alerts
import type { SecurityAlert } from 'latchkey/client'

/** Shows the warnings that are not seen yet, and then each as it happens, until `signal` calls it off. */
export async function watchAlerts(show: (alert: SecurityAlert) => void, signal: AbortSignal): Promise<void> {
  const showUnseen = async () => {
    const { edges } = await latchkey.securityAlerts({ first: 20 })
    for (const { node } of edges) if (node.acknowledgedAt === null) show(node)
  }
  await latchkey.onSecurityAlert(show, { signal, onOpen: showUnseen })
}
// #endregion

// #region add-and-list
import type { PrivateRecord, RecordPage } from 'latchkey/client'

export async function addNote(title: string, text: string, pin: string): Promise<PrivateRecord> {
  return latchkey.createRecord({ collection: 'notes', title, data: { text }, secret: { pin } })
}

export async function notesPage(after: string | null = null): Promise<RecordPage> {
  return latchkey.records({ collection: 'notes', first: 20, after })
}

export async function allNoteTitles(): Promise<(string | null)[]> {
  const titles = []
  for await (const note of latchkey.allRecords({ collection: 'notes' })) titles.push(note.title)
  return titles
}
// #endregion

// #region change-and-delete
import { isLatchkeyError } from 'latchkey/client'

/** Gives the note as it now stands: this change, or the newer one that was in the way, for the person to look at. */
export async function saveNote(note: PrivateRecord, text: string): Promise<PrivateRecord | null> {
  try {
    return await latchkey.updateRecord({ id: note.id, revision: note.revision, data: { text } })
  } catch (error) {
    if (!isLatchkeyError(error, 'CONFLICT')) throw error
    return latchkey.record(note.id) // at error.currentRevision
  }
}

export async function deleteNote(note: PrivateRecord): Promise<void> {
  await latchkey.deleteRecord({ id: note.id, revision: note.revision })
}
// #endregion

// #region secret
export async function readSecret(id: string): Promise<unknown> {
  return (await latchkey.recordWithSecret(id))?.secret
}
// #endregion

// #region part-of-an-answer
import { RecordWithSecretDocument } from 'latchkey/client'

export async function showNote(id: string): Promise<{ title: string | null; locked: boolean } | null> {
  const { data, errors } = await latchkey.tryRequest(RecordWithSecretDocument, { id })
  const record = data?.record
  if (!record) return null
  return { title: record.title, locked: errors.some((error) => error.code === 'REAUTHENTICATION_REQUIRED') }
}
// #endregion

// #region own-document
export async function noteCount(): Promise<number> {
  const { records } = await latchkey.request<{ records: { totalCount: number } }>(
    'query ($collection: String) { records(collection: $collection, first: 1) { totalCount } }',
    { collection: 'notes' },
  )
  return records.totalCount
}
// #endregion

// #region errors
export function textFor(error: unknown): string {
  if (!isLatchkeyError(error)) throw error
  switch (error.code) {
    case 'RATE_LIMITED':
      return `Too many tries. Wait ${Math.ceil(error.retryAfter / 60)} minutes.`
    case 'LINK_INVALID':
    case 'CODE_INVALID':
      return 'This link or code no longer works. Ask for a new one.'
    case 'NETWORK':
      return 'The server cannot be reached. Are you online?'
    case 'INTERNAL':
      return `Something broke. Please tell us this number: ${error.errorId}`
    default:
      return error.message
  }
}
// #endregion
