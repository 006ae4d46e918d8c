// Not who signed in, nor with which passkey: only that it is worth offering first here.
const KEY = 'latchkey:passkey-used'

/** Whether somebody has signed in with a passkey in this browser before. */
export function wasPasskeyUsed(): boolean {
  try {
    return localStorage.getItem(KEY) !== null
  } catch {
    return false // a browser may keep nothing
  }
}

/** Notes that a passkey worked in this browser, so that the sign-in page offers it first. */
export function notePasskeyUsed(): void {
  try {
    localStorage.setItem(KEY, 'yes')
  } catch {
    // Then mail is offered first again.
  }
}
