import { isLatchkeyError } from '../client/index.ts'
import { find, show } from './dom.ts'
import { onSend } from './form.ts'
import { latchkey } from './latchkey.ts'
import { tokenInAddress } from './token-in-address.ts'

const token = tokenInAddress()

// Opening the page changes nothing: mail scanners open pages, and run their scripts. A person presses.
onSend(find('#cancel-form', HTMLFormElement), 'Stopping it', stop)
show(token ? 'confirm' : 'no-token')

async function stop(): Promise<void> {
  try {
    await latchkey.encryption.cancelRecovery(token)
    show('done')
  } catch (error) {
    if (!isLatchkeyError(error, 'LINK_INVALID')) throw error
    show('dead')
  }
}
