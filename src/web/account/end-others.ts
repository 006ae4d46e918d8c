import { latchkey } from '../latchkey.ts'
import { confirmed } from '../ui/confirm.tsx'
import { say } from '../ui/said.tsx'

/** Ends every session but this one, once the person has confirmed it, and says how many. False when it was put off. */
export async function endOthers(): Promise<boolean> {
  const isWanted = await confirmed({
    title: 'Sign out everywhere else?',
    words: 'Every other browser and device must sign in again. You stay signed in here.',
    action: 'Sign out everywhere else',
  })
  if (!isWanted) return false
  const { length } = await latchkey.revokeOtherSessions()
  say(length === 1 ? 'One other session has ended.' : `${length} other sessions have ended.`)
  return true
}
