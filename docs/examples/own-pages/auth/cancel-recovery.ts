import { isLatchkeyError } from 'latchkey/client'
import { find, latchkey, onPress, takeToken } from '../latchkey.ts'

const token = takeToken()
const confirm = find('#confirm', HTMLFormElement)

// Opening the page asks the server nothing: scanners open it, too.
onPress(confirm, async () => {
  const words = await latchkey.encryption.cancelRecovery(token).then(
    () => 'It is stopped.',
    (error: unknown) => {
      if (isLatchkeyError(error, 'LINK_INVALID')) return 'This link was used, or is too old.'
      throw error
    },
  )
  confirm.hidden = true
  find('#state', HTMLElement).textContent = words
})
