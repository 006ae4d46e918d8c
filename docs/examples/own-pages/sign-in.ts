import { isAutofillSupported, type NotUsed, type SignedInWithPasskey } from 'latchkey/client'
import { find, latchkey, onPress } from './latchkey.ts'

const email = find('#email', HTMLInputElement)
const remember = find('#remember', HTMLInputElement)
const code = find('#code', HTMLInputElement)
const enter = find('#enter', HTMLFormElement)

// A path of this site alone, so that no link of a stranger's leads a person away after the sign-in.
const asked = new URLSearchParams(location.search).get('back') ?? '/'
const back = new URL(asked, location.origin).origin === location.origin ? asked : '/'

onPress(find('#ask', HTMLFormElement), async () => {
  const redirectTo = new URL(back, location.origin).href
  await latchkey.requestMagicLink({ email: email.value, rememberDevice: remember.checked, redirectTo })
  enter.hidden = false
  code.focus()
})

onPress(enter, async () => {
  const answer = await latchkey.verifyMagicCode({ code: code.value.replace(/\D/g, '') })
  if (answer.__typename === 'SignedIn') location.assign(back)
})

// The button is for a browser that offers nothing by itself; mail stays beside it, for devices get lost.
find('#passkey', HTMLButtonElement).addEventListener('click', () => {
  latchkey.signInWithPasskey({ rememberDevice: remember.checked }).then(goOn, tell)
})
if (await isAutofillSupported()) latchkey.signInWithPasskey({ autofill: true }).then(goOn, tell)

function goOn(outcome: SignedInWithPasskey | NotUsed): void {
  if (outcome.kind === 'SignedIn') location.assign(back)
}

function tell(error: unknown): void {
  find('#ask [role=alert]', HTMLElement).textContent = error instanceof Error ? error.message : String(error)
}
