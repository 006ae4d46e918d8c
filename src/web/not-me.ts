import { isLatchkeyError } from '../client/index.ts'
import { find, show } from './dom.ts'
import { onSend } from './form.ts'
import { latchkey } from './latchkey.ts'

const token = takeToken()

// Opening the page changes nothing: mail scanners open pages, and run their scripts. A person presses.
onSend(find('#disown-form', HTMLFormElement), 'Ending all sessions', disown)
show(token ? 'confirm' : 'no-token')

// The same page is opened again where a second link is pasted over the first one.
addEventListener('hashchange', () => location.reload())

/** Reads the token from the fragment and takes it out of the address bar and the history, before anything else runs. */
function takeToken(): string {
  const found = location.hash.slice(1)
  history.replaceState(null, '', location.pathname)
  return found
}

async function disown(): Promise<void> {
  try {
    await latchkey.disownAlert(token)
    show('done')
  } catch (error) {
    if (!isLatchkeyError(error, 'LINK_INVALID')) throw error
    show('dead')
  }
}
