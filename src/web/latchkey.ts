import { createClient } from '../client/index.ts'
import { find, show } from './dom.ts'
import { prove } from './prove.ts'
import { fetchAndNoteTime } from './server-clock.ts'

/** This server. Whatever it refuses for want of a proof waits for one dialog, and goes on by itself. */
export const latchkey = createClient({
  url: '/graphql',
  credentials: 'same-origin',
  fetch: fetchAndNoteTime,
  onReauthenticationRequired: prove,
})

// Tells the tab in which the mail was asked for that its link was opened in another one.
const tabs = new BroadcastChannel('latchkey')

/** Calls back when another tab of this browser has signed in. */
export function onSignInElsewhere(act: () => void): void {
  tabs.addEventListener('message', ({ data }) => {
    if (data === 'signed-in') act()
  })
}

/** Shows that sign-in has succeeded, tells the other tabs, and goes where the server says, or home. */
export function goOn(redirectTo: string | null): void {
  tabs.postMessage('signed-in')
  const place = placeToGo(redirectTo)
  find('[data-onward]', HTMLAnchorElement).href = place
  show('done')
  location.replace(place)
}

/** The server has allowed the place already. A script's address would still run here, so only these kinds pass. */
function placeToGo(redirectTo: string | null): string {
  if (redirectTo === null || !URL.canParse(redirectTo, location.origin)) return '/'
  const url = new URL(redirectTo, location.origin)
  return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : '/'
}
