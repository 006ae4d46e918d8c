import { LatchkeyError } from '../errors.ts'

/** Two of the three answers, as somebody types them, and the indexes (0 to 2) of their questions, the lower one first. */
export type TwoAnswers = { first: number; second: number; answers: readonly [string, string] }

/** Which two answers open a slot: a guesser needs two at once. */
export const PAIRS = [
  { first: 0, second: 1 },
  { first: 0, second: 2 },
  { first: 1, second: 2 },
] as const

export const QUESTIONS = 3
const LEAST_CHARACTERS = 3
// No answer holds it once it is normalised.
const BETWEEN = '|'

/**
 * The form in which an answer counts: letters, with their marks, and digits alone, in one case. People remember what they
 * answered, and not how they wrote it: neither case nor spaces nor dashes matter, nor how a keyboard puts an accent on a
 * letter. Cases are folded both ways, so that ß is SS, and a sigma is one at the end of a word too.
 */
export function normaliseAnswer(text: string): string {
  const folded = text.normalize('NFKC').toLowerCase().toUpperCase()
  return folded
    .replaceAll(/[^\p{L}\p{M}\p{N}]|\p{Default_Ignorable_Code_Point}/gu, '') // what is not seen is not remembered
    .toLowerCase()
    .normalize('NFKC')
}

/** The three answers to three questions, normalised. BAD_INPUT for one that is too short, and where two are the same. */
export function readAnswers(texts: readonly string[]): string[] {
  if (texts.length !== QUESTIONS) throw refusal('answers', `${QUESTIONS} are asked for, one for each question`)
  const answers = texts.map((text, index) => readAnswer(text, index))
  answers.forEach((answer, index) => {
    if (answers.indexOf(answer) !== index) throw refusal(`answers[${index}]`, 'another answer for each question')
  })
  return answers
}

/** Refuses a normalised answer that stands in its question, which the server can read. */
export function refuseToldAnswers(questions: readonly string[], answers: readonly string[]): void {
  answers.forEach((answer, index) => {
    const isTold = normaliseAnswer(questions[index] ?? '').includes(answer)
    if (isTold) throw refusal(`answers[${index}]`, 'an answer that does not stand in its question')
  })
}

/** Two answers as one secret, in the order of their questions. BAD_INPUT for what no two answers are. */
export function joinTwo({ first, second, answers }: TwoAnswers): string {
  if (!PAIRS.some((pair) => pair.first === first && pair.second === second)) {
    throw refusal('answers', 'two of the three, the one to the earlier question first')
  }
  const [one, other] = answers
  return joinAnswers(readAnswer(one, first), readAnswer(other, second))
}

/** Two normalised answers as one secret. */
export const joinAnswers = (first: string, second: string): string => `${first}${BETWEEN}${second}`

// What was answered is in no message.
function readAnswer(text: string, index: number): string {
  const answer = normaliseAnswer(text)
  if ([...answer].length >= LEAST_CHARACTERS) return answer
  throw refusal(`answers[${index}]`, `${LEAST_CHARACTERS} letters or digits at the least`)
}

const refusal = (field: string, wanted: string) =>
  new LatchkeyError('BAD_INPUT', `${field}: ${wanted}, is what is asked for here.`, { field })
