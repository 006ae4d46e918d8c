import { isLatchkeyError } from '../client/index.ts'
import { find, show } from './dom.ts'
import { onSend } from './form.ts'
import { latchkey } from './latchkey.ts'
import { tokenInAddress } from './token-in-address.ts'

const token = tokenInAddress()

// Opening the page changes nothing: mail scanners open pages, and run their scripts. A person presses.
onSend(find('#disown-form', HTMLFormElement), 'Ending all sessions', disown)
show(token ? 'confirm' : 'no-token')

async function disown(): Promise<void> {
  try {
    await latchkey.disownAlert(token)
    show('done')
  } catch (error) {
    if (!isLatchkeyError(error, 'LINK_INVALID')) throw error
    show('dead')
  }
}
