import type { ZxcvbnFactory } from '@zxcvbn-ts/core'
import { LatchkeyError } from '../errors.ts'
import { normalised } from './derive.ts'

/** How hard a passphrase is to guess. */
export type PassphraseStrength = {
  /** From 0, the first that anybody tries, to 4. */
  score: 0 | 1 | 2 | 3 | 4
  /** The power of ten of the guesses that somebody needs who knows how people choose. */
  guessesLog10: number
  /** What makes it easy to guess, in English; null where nothing stands out. */
  warning: string | null
  suggestions: readonly string[]
  /** Whether it is refused. */
  weak: boolean
}

// Of zxcvbn's: more than ten thousand million guesses. Somebody who has stolen the database and the server's keys makes a
// thousand and more a second on one machine, at 600,000 rounds each.
const LEAST_SCORE = 4
const LEAST_CHARACTERS = 10
const PROPOSED_WORDS = 6

/** Estimates how hard a passphrase is to guess; the address is what a guesser knows besides. Nothing is sent anywhere. */
export async function estimatePassphrase(
  passphrase: string,
  { email }: { email: string },
): Promise<PassphraseStrength> {
  const text = normalised(passphrase)
  const estimator = await loadEstimator()
  const { score, guessesLog10, feedback } = estimator.check(text, ['latchkey', ...partsOf(email)])
  return {
    score,
    guessesLog10,
    warning: feedback.warning,
    suggestions: feedback.suggestions,
    weak: score < LEAST_SCORE || [...text].length < LEAST_CHARACTERS,
  }
}

/** What somebody who knows the address tries first: it, its words, and the words without what stands between them. */
function partsOf(email: string): string[] {
  const words = email.split(/[^\p{L}\p{N}]+/u)
  const [local = ''] = email.split('@')
  return [email, ...words, words.join(''), local.replaceAll(/[^\p{L}\p{N}]/gu, '')]
}

/** Throws PASSPHRASE_WEAK for a passphrase that is easy to guess. */
export async function insistOnStrength(passphrase: string, email: string): Promise<void> {
  const { weak, score, warning, suggestions } = await estimatePassphrase(passphrase, { email })
  if (!weak) return
  const message = `The passphrase is too easy to guess. ${LEAST_CHARACTERS} characters are the least; several rare words do well.`
  throw new LatchkeyError('PASSPHRASE_WEAK', message, {
    field: 'passphrase',
    extensions: { score, warning, suggestions },
  })
}

/** Six words drawn from the 7,776 of the EFF's long list, which makes 77 bits. */
export async function proposePassphrase(): Promise<string> {
  const { dictionary } = await import('@zxcvbn-ts/language-common')
  const words = dictionary['diceware-common']
  return Array.from({ length: PROPOSED_WORDS }, () => words[drawBelow(words.length)]).join(' ')
}

/** A random number below a limit, each as likely as the others. */
export function drawBelow(limit: number): number {
  const [drawn = 0] = crypto.getRandomValues(new Uint32Array(1))
  const wholeRounds = 2 ** 32 - (2 ** 32 % limit)
  return drawn < wholeRounds ? drawn % limit : drawBelow(limit) // what lies above would favour the low numbers
}

let loading: Promise<ZxcvbnFactory> | null = null

// The word lists are large, and a page without a passphrase field never needs them.
function loadEstimator(): Promise<ZxcvbnFactory> {
  loading ??= makeEstimator().catch((error: unknown) => {
    loading = null // a network that was away may be back
    throw error
  })
  return loading
}

async function makeEstimator(): Promise<ZxcvbnFactory> {
  const [{ ZxcvbnFactory: Factory }, common, english] = await Promise.all([
    import('@zxcvbn-ts/core'),
    import('@zxcvbn-ts/language-common'),
    import('@zxcvbn-ts/language-en'),
  ])
  return new Factory({
    dictionary: { ...common.dictionary, ...english.dictionary },
    graphs: common.adjacencyGraphs,
    translations: english.translations,
  })
}
