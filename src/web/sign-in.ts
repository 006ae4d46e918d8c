import { isAutofillSupported, isLatchkeyError, isPasskeySupported } from '../client/index.ts'
import { find, show, write } from './dom.ts'
import { complain, fail, holdBack, onSend } from './form.ts'
import { goOn, latchkey, onSignInElsewhere } from './latchkey.ts'
import { serverNow } from './server-clock.ts'
import { whyNot } from './words.ts'

const addressForm = find('#address-form', HTMLFormElement)
const codeForm = find('#code-form', HTMLFormElement)
const passkeyForm = find('#passkey-form', HTMLFormElement)
const againForm = find('#again-form', HTMLFormElement)
const email = find('#email', HTMLInputElement)
const remember = find('#remember', HTMLInputElement)
const code = find('#code', HTMLInputElement)

const SECONDS_BETWEEN_MAILS = 30

let redirectTo = new URLSearchParams(location.search).get('redirect_to')
let clock: ReturnType<typeof setInterval> | undefined
let signingIn = false

onSend(addressForm, 'Sending', async () => {
  if (!email.value.includes('@')) {
    complain(addressForm, 'Type your mail address, as in ada@example.com.')
    return email.focus()
  }
  await askForMail()
})

onSend(passkeyForm, 'Waiting for your passkey', async () => {
  const result = await latchkey.signInWithPasskey({ rememberDevice: remember.checked, ...place() })
  if (result.kind === 'SignedIn') return goOn(result.redirectTo)
  complain(passkeyForm, whyNot(result.reason, { to: 'sign-in' }))
  void offerInField()
})

onSend(againForm, 'Sending', async () => {
  await askForMail()
  write('#again-form .said', 'Sent again. The newest mail counts.')
})

onSend(find('#expired-form', HTMLFormElement), 'Sending', askForMail)

onSend(codeForm, 'Checking', async () => {
  if (code.value.length !== 6) {
    complain(codeForm, 'The code has six digits.')
    return code.focus()
  }
  signingIn = true
  try {
    const result = await latchkey.verifyMagicCode({ code: code.value })
    if (result.__typename === 'SignedIn') return goOn(result.redirectTo)
    complain(codeForm, 'Use the link in the mail instead.')
  } catch (error) {
    if (isLatchkeyError(error, 'CODE_INVALID')) code.select()
    throw error
  } finally {
    signingIn = false
  }
})

// Six digits are enough: whether typed or pasted with spaces around and between, they are sent at once.
code.addEventListener('input', () => {
  code.value = code.value.normalize('NFKC').replace(/\D/g, '').slice(0, 6)
  complain(codeForm, '')
  if (code.value.length === 6) codeForm.requestSubmit()
})

email.addEventListener('input', () => complain(addressForm, ''))

for (const button of document.querySelectorAll('[data-change-address]')) {
  button.addEventListener('click', () => {
    clearInterval(clock)
    show('address', email)
  })
}

onSignInElsewhere(() => {
  if (signingIn) return
  clearInterval(clock)
  show('elsewhere')
})

passkeyForm.hidden = !isPasskeySupported()
show('address', email)
void offerInField()

/** Passkeys stand among the suggestions of the address field, where the browser can do that. */
async function offerInField(): Promise<void> {
  if (!(await isAutofillSupported())) return
  try {
    const result = await latchkey.signInWithPasskey({
      autofill: true,
      rememberDevice: () => remember.checked,
      ...place(),
    })
    if (result.kind === 'SignedIn') goOn(result.redirectTo)
  } catch (error) {
    // Nobody asked for this yet, unless a passkey was chosen: then the server has answered.
    if (isLatchkeyError(error, 'PASSKEY_INVALID')) fail(passkeyForm, error)
    if (isLatchkeyError(error, 'PASSKEYS_UNAVAILABLE')) passkeyForm.hidden = true
  }
}

const place = () => (redirectTo === null ? {} : { redirectTo })

async function askForMail(): Promise<void> {
  try {
    const input = { email: email.value, rememberDevice: remember.checked, redirectTo }
    const { expiresAt } = await latchkey.requestMagicLink(input)
    waitForMail(new Date(expiresAt))
  } catch (error) {
    if (!isLatchkeyError(error, 'REDIRECT_NOT_ALLOWED')) throw error
    redirectTo = null
    find('#redirect-note', HTMLElement).hidden = false
    show('address', find('#address-form button', HTMLButtonElement))
  }
}

function waitForMail(expiresAt: Date): void {
  write('[data-email]', email.value)
  write('#again-form .said', '')
  code.value = ''
  complain(codeForm, '')
  show('mail', code)
  holdBack(find('#again-form button', HTMLButtonElement), SECONDS_BETWEEN_MAILS)
  clearInterval(clock)
  clock = setInterval(tick, 1000, expiresAt)
  tick(expiresAt)
}

function tick(expiresAt: Date): void {
  const seconds = Math.max(0, Math.floor((expiresAt.getTime() - serverNow()) / 1000))
  write('#time-left', `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`)
  if (seconds > 0 || signingIn) return
  clearInterval(clock)
  show('expired')
}
