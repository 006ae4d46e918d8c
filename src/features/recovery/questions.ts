import { AppError } from '../../errors.ts'
import type { SecurityQuestions } from '../../generated/sqlite/client.ts'
import type { Keyring } from '../../platform/crypto/keyring.ts'
import { seal, unseal } from '../../platform/crypto/seal.ts'

/** How many questions an account has: any two answers open the keys. */
export const QUESTIONS = 3

const MOST_LETTERS = 200

// Controls, halves of characters, line breaks, and what turns the direction of a line around.
const UNFIT = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]/u

/** The three questions as they are kept: without spaces around them. BAD_INPUT for others than three different ones. */
export function checkedQuestions(texts: readonly string[]): string[] {
  if (texts.length !== QUESTIONS) throw badQuestion('questions', `three, not ${texts.length}`)
  const questions = texts.map((text, index) => checkedQuestion(text, `questions[${index}]`))
  if (new Set(questions.map(sameWhen)).size < QUESTIONS)
    throw badQuestion('questions', 'three different ones; large and small letters make no difference')
  return questions
}

/** Sealed as it is kept: what somebody asks himself says much about him. */
export function sealQuestions(keys: Keyring, userId: string, questions: readonly string[]): string {
  return seal(keys, 'seal-questions', JSON.stringify(questions), [userId])
}

/** The questions of an account, in the order that the pairs of answers count by. */
export function openQuestions(keys: Keyring, { userId, sealed }: SecurityQuestions): string[] {
  const questions: unknown = JSON.parse(unseal(keys, 'seal-questions', sealed, [userId]))
  if (!Array.isArray(questions)) throw new Error('Sealed questions hold no list.')
  return questions.map(String)
}

function checkedQuestion(text: string, field: string): string {
  const question = text.normalize('NFC').trim()
  const letters = [...question].length
  if (letters === 0 || letters > MOST_LETTERS)
    throw badQuestion(field, `from 1 to ${MOST_LETTERS} characters, besides spaces around them`)
  if (UNFIT.test(question)) throw badQuestion(field, 'one line without control characters')
  return question
}

const sameWhen = (question: string) => question.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ')

function badQuestion(field: string, wanted: string): AppError {
  return new AppError('BAD_INPUT', `${field}: ${wanted}.`, { field })
}
