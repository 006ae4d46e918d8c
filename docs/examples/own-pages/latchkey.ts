import { createClient } from 'latchkey/client'
import { startEncryptionWorker } from './encryption-worker.ts'
import { prove } from './prove.ts'

export const latchkey = createClient({
  url: 'https://id.example.com/graphql',
  onUnauthenticated: () => location.assign(`/sign-in?back=${encodeURIComponent(location.pathname)}`),
  onReauthenticationRequired: prove,
  encryption: { worker: startEncryptionWorker },
})

/** Runs what a form or button is for, once at a time, and says below it what went wrong. */
export function onPress(form: HTMLFormElement, work: () => Promise<void>): void {
  const problem = form.querySelector('[role=alert]')
  let isRunning = false
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    if (isRunning) return
    isRunning = true
    problem?.replaceChildren()
    work()
      .catch((error: unknown) => problem?.replaceChildren(error instanceof Error ? error.message : String(error)))
      .finally(() => (isRunning = false))
  })
}

/** Takes the token of a mail's link out of the address bar. It must not stay in the history. */
export function takeToken(): string {
  const token = location.hash.slice(1)
  history.replaceState(null, '', location.pathname)
  return token
}

export function find<T extends Element>(selector: string, kind: new () => T): T {
  const found = document.querySelector(selector)
  if (!(found instanceof kind)) throw new Error(`The page has no ${selector}.`)
  return found
}
