import { isLatchkeyError } from 'latchkey/client'
import { find, latchkey, onPress, takeToken } from '../latchkey.ts'

const token = takeToken()
const state = find('#state', HTMLElement)
const confirm = find('#confirm', HTMLFormElement)

// Only a person's press sends `confirm`. Scanners open links and run scripts, and press nothing.
onPress(confirm, () => redeem(true))
await redeem(false)

async function redeem(isPressed: boolean): Promise<void> {
  try {
    const answer = await latchkey.verifyMagicLink({ token, confirm: isPressed })
    if (answer.__typename === 'SignedIn') return location.replace(answer.redirectTo ?? '/')
    const { deviceName, ipAddress, requestedAt } = answer
    find('#who', HTMLElement).textContent = `${deviceName}, ${ipAddress ?? 'from an unknown address'}, ${requestedAt}`
    state.textContent = ''
    confirm.hidden = false
  } catch (error) {
    confirm.hidden = true
    state.textContent = isLatchkeyError(error, 'LINK_INVALID')
      ? 'This link was used, or is too old. Ask for a new one.'
      : 'The link could not be opened. Reload the page from your mail.'
  }
}
