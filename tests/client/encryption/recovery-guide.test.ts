import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { DAY, HOUR, passTime } from '../../attacks/recovery-support.ts'
import { codeIn, isSignInMail } from '../../support/mailbox.ts'
import { loadExample, openBrowser, startGuideServer } from '../support.ts'

const root = new URL('../../../', import.meta.url)
const [guide, example] = await Promise.all(
  ['docs/recovery.md', 'docs/examples/recovery.ts'].map((file) => readFile(new URL(file, root), 'utf8')),
)

const EMAIL = 'ada@example.com'
const QUESTIONS = ['Who hid the key?', 'What was under the stairs?', 'Which song went wrong?'] as const
const ANSWERS = ['Old Tomás', 'A box of 40 marbles', 'La paloma'] as const

type Guide = {
  latchkey: {
    requestMagicLink(input: { email: string }): Promise<unknown>
    verifyMagicCode(input: { code: string }): Promise<unknown>
    encryption: {
      setup(steps: object): Promise<{ kind: string }>
      unlock(input: { passphrase: string }): Promise<{ kind: string }>
      lock(): Promise<void>
    }
  }
  waysBack(): Promise<string[]>
  recoverByCode(): Promise<boolean>
  setQuestions(passphrase: string, questions: readonly string[], answers: readonly string[]): Promise<void>
  recoverByAnswers(answers: Record<number, string>): Promise<string>
  recoverByPasskey(): Promise<string>
  watchRecovery(): Promise<string | null>
  stopRecovery(): Promise<void>
  dialogs: {
    confirm(lines: readonly string[]): Promise<boolean>
    askText(question: string, proposal?: string): Promise<string | null>
  }
}

test('every piece of code in the guide stands there as it is run, and none is left out', () => {
  const shown = [...(guide ?? '').matchAll(/<!-- docs\/examples\/recovery\.ts#(\S+) -->\n\n```ts\n(.*?)\n```/gs)]
  const regions = [...(example ?? '').matchAll(/\/\/ #region (\S+)\n(.*?)\n\/\/ #endregion/gs)]
  expect(shown.map(([, name, code]) => [name, code])).toEqual(regions.map(([, name, code]) => [name, code]))
  expect([...(guide ?? '').matchAll(/```ts\n/g)]).toHaveLength(regions.length)
})

test('the guide: what there is to recover by, a code, the questions and their wait, and the way to stop it', async () => {
  const app = await startGuideServer()
  openBrowser(app)
  const ada = await loadExample<Guide>('recovery')
  await ada.latchkey.requestMagicLink({ email: EMAIL })
  await ada.latchkey.verifyMagicCode({ code: codeIn(await app.mailbox.latest(EMAIL, 1, isSignInMail)) })
  let codes: readonly string[] = []
  let passphrase = ''
  ada.dialogs.confirm = async (lines) => {
    codes = lines.slice(1)
    return true
  }
  const steps = {
    explain: () => true,
    choosePassphrase: ({ proposal }: { proposal: string }) => (passphrase = proposal),
    showCodes: ({ codes: shown }: { codes: readonly string[] }) => ada.dialogs.confirm(['', ...shown]),
    typeBack: ({ positions }: { positions: readonly number[] }) => positions.map((at) => codes[at - 1] ?? ''),
  }
  expect(await ada.latchkey.encryption.setup(steps)).toMatchObject({ kind: 'Enabled' })
  expect(await ada.waysBack()).toEqual(['One of your recovery codes (8 left).'])
  expect(await ada.watchRecovery()).toBeNull()

  // A slip, a code that is wrong, and one that is right; then the passphrase that is offered.
  const asked: string[] = []
  const typed = ['0000', '0000-0000-0000-0000-0000-0000', codes[6] ?? '']
  ada.dialogs.askText = async (question, proposal) => {
    if (proposal !== undefined) return (passphrase = proposal)
    asked.push(question)
    return typed.shift() ?? null
  }
  await ada.latchkey.encryption.lock()
  expect(await ada.recoverByCode()).toBe(true)
  expect(asked).toHaveLength(3)
  await ada.latchkey.encryption.lock()
  expect(await ada.latchkey.encryption.unlock({ passphrase })).toMatchObject({ kind: 'Unlocked' })

  await ada.setQuestions(passphrase, QUESTIONS, ANSWERS)
  const user = await app.services.database.systemDb.user.findUniqueOrThrow({ where: { email: EMAIL } })
  expect(await ada.recoverByAnswers({ 0: ANSWERS[0], 2: ANSWERS[2] })).toMatch(/changed/)
  await passTime(app, user.id, 7 * DAY)
  expect(await ada.recoverByAnswers({ 0: ANSWERS[0], 2: 'La golondrina' })).toBe('These answers are not right.')
  expect(await ada.watchRecovery()).toMatch(/Stop it/)
  expect(await ada.recoverByAnswers({ 0: ANSWERS[0], 2: ANSWERS[2] })).toMatch(/^The answers are right/)
  await passTime(app, user.id, 48 * HOUR)
  expect(await ada.recoverByAnswers({ 0: ANSWERS[0], 2: ANSWERS[2] })).toBe('Everything is open again.')
  await ada.latchkey.encryption.lock()
  expect(await ada.latchkey.encryption.unlock({ passphrase })).toMatchObject({ kind: 'Unlocked' })

  await ada.setQuestions(passphrase, QUESTIONS, ANSWERS)
  await passTime(app, user.id, 7 * DAY)
  await ada.recoverByAnswers({ 0: ANSWERS[0], 1: ANSWERS[1] })
  await ada.stopRecovery()
  expect(await ada.watchRecovery()).toBeNull()
  expect(await ada.recoverByAnswers({ 0: ANSWERS[0], 1: ANSWERS[1] })).toMatch(/stopped/)
}, 240_000)
