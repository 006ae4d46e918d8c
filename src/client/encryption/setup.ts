import type { EncryptionBenefits } from './benefits.ts'
import { ENCRYPTION_BENEFITS } from './benefits.ts'
import { estimatePassphrase, proposePassphrase, type PassphraseStrength } from './passphrase.ts'
import { readRecoveryCode } from './recovery-codes.ts'

/**
 * What a page shows while encryption is switched on, in this order. Each may call it off, and then nothing was changed:
 * by `false` where it answers yes or no, by `null` where it asks for a text.
 */
export type SetupSteps = CodeSteps & {
  /** Say what is protected, and what is lost when every way in is lost. */
  explain(benefits: EncryptionBenefits): Answer<boolean>
  /**
   * Ask for a passphrase. `proposal` is a generated one, new at each call; `estimate` says how strong a text is while it
   * is typed. It is called again, with the fault, for as long as what it gave is too weak.
   */
  choosePassphrase(choice: PassphraseChoice): Answer<string | null>
}

/** The steps that show new recovery codes. */
export type CodeSteps = {
  /** Show the eight codes, to be written down or printed. They are not shown again. */
  showCodes(shown: { codes: readonly string[] }): Answer<boolean>
  /**
   * Ask for the codes at these positions, counted from 1, in this order. Called again with the fault, the position of a
   * code that is not right, until all are. Case, spaces and dashes do not matter.
   */
  typeBack(asked: { positions: readonly number[]; fault?: { position: number } }): Answer<readonly string[] | null>
}

export type PassphraseChoice = {
  proposal: string
  estimate(text: string): Promise<PassphraseStrength>
  /** Why the last one was refused. */
  fault?: PassphraseStrength
}

/** The step at which it was called off. */
export type SetupStep = keyof SetupSteps

type Answer<T> = T | Promise<T>

const ASKED_BACK = 2

/** Explains, and asks for a passphrase until it is strong. */
export async function choosePassphrase(
  { explain, ...steps }: SetupSteps,
  email: string,
): Promise<{ passphrase: string } | { calledOffAt: SetupStep }> {
  if (!(await explain(ENCRYPTION_BENEFITS))) return { calledOffAt: 'explain' }
  const passphrase = await askForPassphrase(steps, email)
  return passphrase === null ? { calledOffAt: 'choosePassphrase' } : { passphrase }
}

/** Asks for a passphrase until it is strong. Null where it was called off. */
export async function askForPassphrase(
  { choosePassphrase: choose }: Pick<SetupSteps, 'choosePassphrase'>,
  email: string,
): Promise<string | null> {
  const estimate = (text: string): Promise<PassphraseStrength> => estimatePassphrase(text, { email })
  let fault: PassphraseStrength | undefined
  for (;;) {
    const passphrase = await choose({ proposal: await proposePassphrase(), estimate, ...(fault && { fault }) })
    if (passphrase === null) return null
    const strength = await estimate(passphrase)
    if (!strength.weak) return passphrase
    fault = strength
  }
}

/** Shows the codes, and asks for two of them until they are typed back. Null when that is done, or where it was called off. */
export async function confirmCodes(
  { showCodes, typeBack }: Pick<CodeSteps, 'showCodes'> & Partial<CodeSteps>,
  codes: readonly string[],
): Promise<keyof CodeSteps | null> {
  if (!(await showCodes({ codes }))) return 'showCodes'
  if (!typeBack) return null
  const positions = drawPositions(codes.length, ASKED_BACK)
  let fault: { position: number } | undefined
  for (;;) {
    const typed = await typeBack({ positions, ...(fault && { fault }) })
    if (typed === null) return 'typeBack'
    const wrong = positions.find((position, at) => !isSameCode(typed[at] ?? '', codes[position - 1] ?? ''))
    if (wrong === undefined) return null
    fault = { position: wrong }
  }
}

function isSameCode(typed: string, code: string): boolean {
  try {
    const secret = readRecoveryCode(code)
    return readRecoveryCode(typed).every((byte, at) => byte === secret[at])
  } catch {
    return false // a slip: a letter that no code has, or one too many
  }
}

/** Different positions from 1, in ascending order. They guard against nobody, so that a small bias does no harm. */
function drawPositions(length: number, count: number): number[] {
  const left = Array.from({ length }, (_, at) => at + 1)
  while (left.length > count) left.splice(Math.floor(Math.random() * left.length), 1)
  return left
}
