import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { codeIn } from '../../support/mailbox.ts'
import { loadExample, openBrowser, startGuideServer } from '../support.ts'

const root = new URL('../../../', import.meta.url)
const [guide, example] = await Promise.all(
  ['docs/end-to-end-encryption.md', 'docs/examples/encryption.ts'].map((file) => readFile(new URL(file, root), 'utf8')),
)

const EMAIL = 'ada@example.com'
const NOTE = { title: 'Garden', colour: 'green', body: 'Where the rake is', pin: '1234' }

type Line = { id: string; title: string; body: string }
type Guide = {
  latchkey: {
    requestMagicLink(input: { email: string }): Promise<unknown>
    verifyMagicCode(input: { code: string }): Promise<unknown>
    records(): Promise<unknown>
    encryption: { lock(): Promise<void>; status(): Promise<{ enabled: boolean; recoveryCodesLeft: number }> }
  }
  switchOn(): Promise<boolean>
  addNote(note: typeof NOTE): Promise<string>
  notesPage(): Promise<{ lines: Line[]; next: string | null }>
  readPin(id: string): Promise<string | undefined>
  appendTo(id: string, line: string): Promise<void>
  unlock(): Promise<boolean>
  unlockByFingerprintFromNowOn(passphrase: string): Promise<string>
  changePassphrase(current: string, next: string): Promise<void>
  newCodes(passphrase: string): Promise<boolean>
  changeKeys(bar: { done: number; total: number }): Promise<void>
  changeEverything(passphrase: string, newPassphrase: string): Promise<boolean>
  goOnWithRotation(): Promise<void>
  dialogs: {
    confirm(lines: readonly string[]): Promise<boolean>
    askText(question: string, proposal?: string): Promise<string | null>
    askCodes(question: string, positions: readonly number[]): Promise<readonly string[] | null>
  }
}

test('every piece of code in the guide stands there as it is run, and none is left out', () => {
  const shown = [...(guide ?? '').matchAll(/<!-- docs\/examples\/encryption\.ts#(\S+) -->\n\n```ts\n(.*?)\n```/gs)]
  const regions = [...(example ?? '').matchAll(/\/\/ #region (\S+)\n(.*?)\n\/\/ #endregion/gs)]
  expect(shown.map(([, name, code]) => [name, code])).toEqual(regions.map(([, name, code]) => [name, code]))
  expect([...(guide ?? '').matchAll(/```ts\n/g)]).toHaveLength(regions.length)
})

test('the guide: set up, write, lock, unlock, change keys, and read all of it again', async () => {
  const app = await startGuideServer()
  openBrowser(app)
  const ada = await loadExample<Guide>('encryption')
  await ada.latchkey.requestMagicLink({ email: EMAIL })
  await ada.latchkey.verifyMagicCode({ code: codeIn(await app.mailbox.latest(EMAIL)) })

  // A person who takes the passphrase that is offered, and writes the codes down.
  let passphrase = ''
  let codes: readonly string[] = []
  ada.dialogs.confirm = async (lines) => {
    if (/Write these down/.test(lines[0] ?? '')) codes = lines.slice(1)
    return lines.length > 0
  }
  ada.dialogs.askText = async (_question, proposal) => (passphrase = proposal ?? passphrase)
  ada.dialogs.askCodes = async (_question, positions) => positions.map((position) => codes[position - 1] ?? '')
  // Whoever writes the first encrypted note is asked to switch encryption on.
  const id = await ada.addNote(NOTE)
  expect(codes).toHaveLength(8)
  expect(await ada.latchkey.encryption.status()).toMatchObject({ enabled: true, recoveryCodesLeft: 8 })
  await expect(ada.switchOn()).rejects.toMatchObject({ code: 'ENCRYPTION_ON' })
  expect((await ada.notesPage()).lines).toEqual([{ id, title: NOTE.title, body: NOTE.body }])
  expect(await ada.readPin(id)).toBe(NOTE.pin)
  await ada.appendTo(id, 'behind the shed')
  const whole = `${NOTE.body}\nbehind the shed`
  expect(JSON.stringify(await ada.latchkey.records())).not.toMatch(/rake|shed/)

  await ada.latchkey.encryption.lock()
  const { askText } = ada.dialogs
  ada.dialogs.askText = () => Promise.resolve(null)
  expect((await ada.notesPage()).lines).toEqual([{ id, title: NOTE.title, body: 'Unlock to read this.' }])
  const answers = ['not the passphrase', passphrase]
  ada.dialogs.askText = () => Promise.resolve(answers.shift() ?? null)
  expect((await ada.notesPage()).lines).toEqual([{ id, title: NOTE.title, body: whole }])
  expect(answers).toEqual([])
  expect(await ada.unlockByFingerprintFromNowOn(passphrase)).toBe('No passkey was used.')

  ada.dialogs.askText = askText
  const [, before] = codes
  expect(await ada.newCodes(passphrase)).toBe(true)
  expect(codes).not.toContain(before)
  await ada.changePassphrase(passphrase, 'nine candles under a patient bridge')
  passphrase = 'nine candles under a patient bridge'
  const bar = { done: 0, total: 0 }
  await ada.changeKeys(bar)
  expect(bar).toEqual({ done: 1, total: 1 })
  expect(await ada.changeEverything(passphrase, 'seven lamps beside the quiet harbour')).toBe(true)
  await ada.goOnWithRotation()
  await ada.latchkey.encryption.lock()
  ada.dialogs.askText = () => Promise.resolve('seven lamps beside the quiet harbour')
  expect(await ada.unlock()).toBe(true)
  expect((await ada.notesPage()).lines).toEqual([{ id, title: NOTE.title, body: whole }])
})
