// #region client
import { createClient } from 'latchkey/client'

export const latchkey = createClient({
  url: 'https://id.example.com/graphql',
  onReauthenticationRequired: (needed) => dialogs.prove(needed),
  encryption: { onUnlockRequired: () => false },
})
// #endregion

// #region offer
/** What there is to offer to whoever cannot unlock: each way that the account has, and what to say about it. */
export async function waysBack(): Promise<string[]> {
  const { methods, recoveryCodesLeft, questions } = await latchkey.encryption.recoveryStatus()
  const words = {
    RECOVERY_CODE: `One of your recovery codes (${recoveryCodesLeft} left).`,
    SECURITY_QUESTIONS: `Two of your three answers, and two days: ${questions.join(' ')}`,
    PASSKEY: 'Your fingerprint, face or security key.',
  }
  return methods.map((method) => words[method])
}
// #endregion

// #region steps
import type { RecoverySteps } from 'latchkey/client'

/** What every recovery asks for, whichever way it takes: a new passphrase, and new codes to write down. */
export const steps: RecoverySteps = {
  choosePassphrase: ({ proposal, fault }) =>
    dialogs.askText(fault?.warning ?? 'Choose a new passphrase, or take this one.', proposal),
  showCodes: ({ codes }) => dialogs.confirm(['Write these down, and tear up the old ones:', ...codes]),
}
// #endregion

// #region code
import { isLatchkeyError } from 'latchkey/client'

/** True once everything is open and new; false where it was called off. */
export async function recoverByCode(): Promise<boolean> {
  for (let question = 'One of your codes:'; ; question = 'That code is wrong, or was used. Another one:') {
    const code = await dialogs.askText(question)
    if (code === null) return false
    try {
      const outcome = await latchkey.encryption.recoverWithCode({ code, ...steps })
      return outcome.kind === 'Recovered'
    } catch (error) {
      if (!isLatchkeyError(error, 'PROOF_INVALID') && !isLatchkeyError(error, 'BAD_INPUT')) throw error
    }
  }
}
// #endregion

// #region set-questions
/** Three questions in the person's own words. They can be used from seven days later on. */
export async function setQuestions(
  passphrase: string,
  questions: [string, string, string],
  answers: [string, string, string],
): Promise<void> {
  await latchkey.encryption.setSecurityQuestions({ passphrase, questions, answers })
}
// #endregion

// #region questions
/** What to tell the person. Called again with the same answers once the two days have passed, it opens everything. */
export async function recoverByAnswers(answers: { 0?: string; 1?: string; 2?: string }): Promise<string> {
  try {
    const outcome = await latchkey.encryption.recoverWithQuestions({ answers, ...steps })
    if (outcome.kind === 'Waiting') return `The answers are right. Come back after ${outcome.request.availableAt}.`
    return outcome.kind === 'Recovered' ? 'Everything is open again.' : 'Nothing was changed.'
  } catch (error) {
    if (isLatchkeyError(error, 'PROOF_INVALID')) return 'These answers are not right.'
    if (isLatchkeyError(error, 'RECOVERY_UNAVAILABLE')) return error.message
    throw error
  }
}
// #endregion

// #region passkey
export async function recoverByPasskey(): Promise<string> {
  const outcome = await latchkey.encryption.recoverWithPasskey(steps)
  if (outcome.kind === 'Recovered') return 'Everything is open again.'
  if (outcome.kind === 'StillLocked') {
    const others = outcome.passkeys.map(({ name }) => name)
    return `This passkey signs in, and does not open your data. What does: ${[...outcome.methods, ...others].join(', ')}.`
  }
  return 'Nothing was changed.'
}
// #endregion

// #region stop
/** For a banner in every session: what is under way, and how to stop it. */
export async function watchRecovery(): Promise<string | null> {
  const { request } = await latchkey.encryption.recoveryStatus()
  if (request?.state !== 'WAITING' && request?.state !== 'READY') return null
  return `Somebody is recovering your encrypted data, since ${request.createdAt}. Not you? Stop it.`
}

export async function stopRecovery(): Promise<void> {
  await latchkey.encryption.cancelOpenRecovery()
}
// #endregion

import type { Reauthentication } from 'latchkey/client'

/** What your app shows. `prove` is in "Use Latchkey from a frontend". */
export const dialogs = {
  prove: (_: Reauthentication): Promise<boolean> => Promise.resolve(false),
  confirm: (_lines: readonly string[]): Promise<boolean> => Promise.resolve(false),
  askText: (_question: string, _proposal?: string): Promise<string | null> => Promise.resolve(null),
}
