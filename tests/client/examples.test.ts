import { expect, test } from 'vitest'
import { raise } from '../features/alerts/support.ts'
import { codeIn, tokenIn } from '../support/mailbox.ts'
import { loadExample, openBrowser, openScript, startGuideServer } from './support.ts'

// What the guide's examples offer. Their own types are checked with a browser's (docs/examples/tsconfig.json).
type Note = { id: string; title: string | null; data: unknown; revision: number }
type Pending = { requestedAt: string; deviceName: string; ipAddress: string | null }
type SignIn = { askForMail(email: string): Promise<string>; signInWithCode(code: string): Promise<void> }
type Sdk = SignIn & {
  openLink(ask: (request: Pending) => Promise<void>): Promise<void>
  whoIsIt(): Promise<{ id: string; email: string } | null>
  signOut(everywhere: boolean): Promise<void>
  addNote(title: string, text: string, pin: string): Promise<Note>
  notesPage(after?: string | null): Promise<{ edges: { node: Note }[]; totalCount: number }>
  allNoteTitles(): Promise<(string | null)[]>
  saveNote(note: Note, text: string): Promise<Note | null>
  deleteNote(note: Note): Promise<void>
  readSecret(id: string): Promise<unknown>
  dialog: { ask(question: string): Promise<string | null> }
  offerPasskeys(): Promise<void>
  signInWithPasskey(): Promise<string | null>
  addPasskey(): Promise<string>
  passkeys(): Promise<{ list: unknown[]; mayAdd: boolean }>
  watchAlerts(show: (alert: { kind: string }) => void, signal: AbortSignal): Promise<void>
  showNote(id: string): Promise<{ title: string | null; locked: boolean } | null>
  noteCount(): Promise<number>
  textFor(error: unknown): string
}
type OtherClient = SignIn & { addNote(title: string): Promise<void>; noteTitles(): Promise<(string | null)[]> }
type Script = { exportRecords(email: string, askForCode: () => Promise<string>): Promise<string> }

const EMAIL = 'ada@example.com'
const NEVER = () => Promise.reject(new Error('This was not to be asked.'))

test('the SDK: sign in by code, keep notes, read a secret with a fresh proof, sign out', async () => {
  const app = await startGuideServer()
  const went = openBrowser(app)
  const guide = await loadExample<Sdk>('sdk')

  expect(await guide.whoIsIt()).toBeNull()
  expect(await guide.askForMail(EMAIL)).not.toBe('')
  await guide.signInWithCode(codeIn(await app.mailbox.latest(EMAIL)))
  expect(went).toEqual(['https://app.example.com/notes'])
  expect(await guide.whoIsIt()).toMatchObject({ email: EMAIL })

  const first = await guide.addNote('Shopping', 'Milk', '1234')
  await guide.addNote('Garden', 'Rake', '5678')
  expect(await guide.noteCount()).toBe(2)
  expect((await guide.allNoteTitles()).sort()).toEqual(['Garden', 'Shopping'])
  expect((await guide.notesPage()).edges.map(({ node }) => node.title).sort()).toEqual(['Garden', 'Shopping'])

  const second = await guide.saveNote(first, 'Milk and bread')
  expect(second).toMatchObject({ data: { text: 'Milk and bread' }, revision: first.revision + 1 })
  const inTheWay = await guide.saveNote(first, 'Written from an old revision')
  expect(inTheWay).toEqual(second)

  guide.dialog.ask = NEVER
  expect(await guide.readSecret(first.id)).toEqual({ pin: '1234' })
  app.clock.advance(16 * 60_000)
  guide.dialog.ask = () => Promise.resolve(null)
  expect(await guide.showNote(first.id)).toEqual({ title: 'Shopping', locked: true })
  await expect(guide.readSecret(first.id)).rejects.toMatchObject({ code: 'REAUTHENTICATION_REQUIRED' })
  guide.dialog.ask = async () =>
    codeIn(await app.mailbox.latest(EMAIL, 3, ({ subject }) => /that it is you/.test(subject)))
  expect(await guide.readSecret(first.id)).toEqual({ pin: '1234' })
  expect(await guide.showNote(first.id)).toEqual({ title: 'Shopping', locked: false })

  await guide.deleteNote(inTheWay ?? first)
  expect(await guide.allNoteTitles()).toEqual(['Garden'])
  await guide.signOut(true)
  expect(await guide.whoIsIt()).toBeNull()
})

test('the SDK: the link signs in at once in the browser that asked for it', async () => {
  const app = await startGuideServer()
  openBrowser(app)
  const guide = await loadExample<Sdk>('sdk')
  await guide.askForMail(EMAIL)
  const hash = `#${tokenIn(await app.mailbox.latest(EMAIL))}`
  const went: string[] = []
  const go = (place: string) => void went.push(place)
  Object.assign(globalThis.location, { hash, pathname: '/auth/verify', replace: go })
  await guide.openLink(NEVER)
  expect(went).toEqual(['https://app.example.com/notes'])
  expect(await guide.whoIsIt()).toMatchObject({ email: EMAIL })
})

test('the SDK: in another browser the link asks first, then signs in there', async () => {
  const app = await startGuideServer()
  openBrowser(app)
  const guide = await loadExample<Sdk>('sdk')
  await guide.askForMail(EMAIL)
  const token = tokenIn(await app.mailbox.latest(EMAIL))

  const went = openBrowser(app, `/auth/verify#${token}`)
  await guide.openLink(async ({ requestedAt, deviceName }) => {
    expect(Date.parse(requestedAt)).not.toBeNaN()
    expect(deviceName).not.toBe('')
    expect(await guide.whoIsIt(), 'Nobody is signed in before the button.').toBeNull()
  })
  expect(went).toEqual(['/auth/verify', 'https://app.example.com/notes'])
  expect(await guide.whoIsIt()).toMatchObject({ email: EMAIL })
})

test('the SDK: where there are no passkeys, mail goes on', async () => {
  const app = await startGuideServer()
  const went = openBrowser(app)
  const guide = await loadExample<Sdk>('sdk')
  await guide.offerPasskeys()
  expect(await guide.signInWithPasskey()).toContain('sign in by mail')
  await guide.askForMail(EMAIL)
  await guide.signInWithCode(codeIn(await app.mailbox.latest(EMAIL)))
  expect(went).toHaveLength(1)
  expect(await guide.passkeys()).toEqual({ list: [], mayAdd: true })
  expect(await guide.addPasskey()).toBe('This browser cannot make a passkey.')
})

test('the SDK: warnings are shown as they happen', async () => {
  const app = await startGuideServer()
  openBrowser(app)
  const guide = await loadExample<Sdk>('sdk')
  await guide.askForMail(EMAIL)
  await guide.signInWithCode(codeIn(await app.mailbox.latest(EMAIL)))

  const controller = new AbortController()
  const shown: string[] = []
  const watching = guide.watchAlerts(({ kind }) => {
    shown.push(kind)
    controller.abort()
  }, controller.signal)
  await raise(app, { userId: (await guide.whoIsIt())?.id ?? '', email: EMAIL })
  await watching
  expect(shown).toEqual(['login.new-device'])
})

test('the SDK: errors have a text by their code, and an ended session leads to the sign-in page', async () => {
  const app = await startGuideServer()
  const went = openBrowser(app)
  const guide = await loadExample<Sdk>('sdk')
  await guide.askForMail(EMAIL)
  await app.mailbox.latest(EMAIL)
  const wrong: unknown = await guide.signInWithCode('no code').catch((error: unknown) => error)
  expect(guide.textFor(wrong)).toBe('This link or code no longer works. Ask for a new one.')

  const nobody: unknown = await guide.notesPage().catch((error: unknown) => error)
  expect(nobody).toMatchObject({ code: 'UNAUTHENTICATED' })
  expect(went).toEqual(['/sign-in'])
  expect(() => guide.textFor(new TypeError('a bug'))).toThrow('a bug')
})

test('a script signs in by code and reads every record', async () => {
  const app = await startGuideServer()
  openBrowser(app)
  const guide = await loadExample<Sdk>('sdk')
  await guide.askForMail(EMAIL)
  await guide.signInWithCode(codeIn(await app.mailbox.latest(EMAIL)))
  await guide.addNote('Shopping', 'Milk', '1234')

  openScript(app)
  const { exportRecords } = await loadExample<Script>('script')
  const text = await exportRecords(EMAIL, async () => codeIn(await app.mailbox.latest(EMAIL, 2)))
  expect(JSON.parse(text)).toEqual([expect.objectContaining({ title: 'Shopping', data: { text: 'Milk' } })])
})

test.each(['urql', 'apollo'])('%s: sign in by code, keep notes, and see the same errors', async (name) => {
  const app = await startGuideServer()
  openBrowser(app)
  const guide = await loadExample<OtherClient>(name)
  await expect(guide.noteTitles()).rejects.toMatchObject({ name: 'LatchkeyError', code: 'UNAUTHENTICATED' })
  expect(await guide.askForMail(EMAIL)).not.toBe('')
  const mail = await app.mailbox.latest(EMAIL)
  await expect(guide.signInWithCode('no code')).rejects.toMatchObject({ code: 'CODE_INVALID' })
  await guide.signInWithCode(codeIn(mail))
  await guide.addNote('Shopping')
  expect(await guide.noteTitles()).toEqual(['Shopping'])
})
