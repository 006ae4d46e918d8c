import { useState } from 'preact/hooks'
import { isLatchkeyError } from '../../client/index.ts'
import { useTask, type Task } from '../ui/task.ts'
import { takeToken } from '../token-in-address.ts'

/** How far a link of a mail has come that is redeemed by a press alone. */
export type LinkState = 'NO_TOKEN' | 'ASKED' | 'DONE' | 'DEAD'

/**
 * What a link of a mail is for, done by a person's press and never by opening it: mail scanners open pages, and run
 * their scripts.
 */
export function useLinkByPress(redeem: (token: string) => Promise<unknown>): { state: LinkState; task: Task<void> } {
  const [token] = useState(takeToken)
  const [state, setState] = useState<LinkState>(token === '' ? 'NO_TOKEN' : 'ASKED')
  const task = useTask(async () => {
    try {
      await redeem(token)
      setState('DONE')
    } catch (error) {
      if (!isLatchkeyError(error, 'LINK_INVALID')) throw error
      setState('DEAD')
    }
  })
  return { state, task }
}
