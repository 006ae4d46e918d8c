import { isLatchkeyError, type ConfirmationRequired } from '../client/index.ts'
import { find, show, write } from './dom.ts'
import { fail, onSend } from './form.ts'
import { goOn, latchkey } from './latchkey.ts'
import { ago } from './words.ts'

const token = takeToken()
const retryForm = find('#retry-form', HTMLFormElement)

// Only a person's press may set `confirm`. Without it the server uses nothing up, unless this browser asked for the
// link: so a scanner that opens the page, and runs this, changes nothing.
onSend(find('#confirm-form', HTMLFormElement), 'Signing in', () => redeem({ confirm: true }))
onSend(retryForm, 'Trying', () => redeem({ confirm: false }))

if (token) {
  show('working')
  redeem({ confirm: false }).catch((error: unknown) => {
    show('failed')
    fail(retryForm, error)
  })
} else {
  show('no-token')
}

// The same page is opened again where a second link is pasted over the first one.
addEventListener('hashchange', () => location.reload())

/** Reads the token from the fragment and takes it out of the address bar and the history, before anything else runs. */
function takeToken(): string {
  const found = location.hash.slice(1)
  history.replaceState(null, '', location.pathname)
  return found
}

async function redeem({ confirm }: { confirm: boolean }): Promise<void> {
  try {
    const result = await latchkey.verifyMagicLink({ token, confirm })
    if (result.__typename === 'SignedIn') goOn(result.redirectTo)
    else ask(result)
  } catch (error) {
    if (!isLatchkeyError(error, 'LINK_INVALID')) throw error
    show('dead')
  }
}

function ask({ email, requestedAt, deviceName, ipAddress }: ConfirmationRequired): void {
  const asked = new Date(requestedAt)
  find('#when', HTMLTimeElement).dateTime = asked.toISOString()
  write('#account', email)
  write('#when', ago(asked))
  write('#device', deviceName)
  write('#address', ipAddress ?? 'an unknown address')
  show('confirm')
}
