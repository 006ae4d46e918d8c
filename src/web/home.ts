import { find, show, write } from './dom.ts'
import { complain, fail, onSend } from './form.ts'
import { latchkey } from './latchkey.ts'
import { dateAndTime } from './words.ts'

const retry = find('#retry', HTMLFormElement)

onSend(find('#sign-out', HTMLFormElement), 'Signing out', async () => {
  await latchkey.logout()
  find('#signed-out-note', HTMLElement).hidden = false
  show('signed-out')
})

onSend(retry, 'Trying', look)

show('loading')
look().catch((error: unknown) => {
  show('failed')
  fail(retry, error)
})

async function look(): Promise<void> {
  const user = await latchkey.me()
  complain(retry, '')
  if (!user) return show('signed-out')
  write('#email', user.email)
  if (user.lastLoginAt) write('#last', dateAndTime(new Date(user.lastLoginAt)))
  find('#last-row', HTMLElement).hidden = !user.lastLoginAt
  show('signed-in')
}
