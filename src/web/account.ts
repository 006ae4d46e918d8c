import { isLatchkeyError, isPasskeySupported } from '../client/index.ts'
import type { Passkey, SecurityAlert, Session } from '../client/index.ts'
import { find, show, write } from './dom.ts'
import { complain, fail, onSend } from './form.ts'
import { latchkey } from './latchkey.ts'
import { showRecovery, stopRecovery } from './recovery-banner.ts'
import { item, things } from './things.ts'
import { ago, dateAndTime, whyNot } from './words.ts'

const retry = find('#retry', HTMLFormElement)
const addForm = find('#add-passkey', HTMLFormElement)
const endOthersForm = find('#end-others', HTMLFormElement)
const offer = find('#offer', HTMLElement)
const stopListening = new AbortController()

onSend(retry, 'Trying', look)
onSend(addForm, 'Waiting for your device', async () => {
  const outcome = await latchkey.registerPasskey()
  if (outcome.kind === 'NotUsed') return complain(addForm, whyNot(outcome.reason, { to: 'add' }))
  await changed()
  say(`"${outcome.passkey.name}" can sign you in from now on. A link by mail goes on working.`)
})
onSend(endOthersForm, 'Signing out', endOthers)
onSend(find('#offer-form', HTMLFormElement), 'Signing out', endOthers)
onSend(find('#stop-recovery', HTMLFormElement), 'Stopping it', async () => {
  say(await stopRecovery())
  await showRecovery()
})
find('#offer-no', HTMLButtonElement).addEventListener('click', () => {
  offer.hidden = true
})
addEventListener('pagehide', () => stopListening.abort())

show('loading')
look()
  .then(listen)
  .catch((error: unknown) => {
    show('failed')
    fail(retry, error)
  })

async function look(): Promise<void> {
  const user = await latchkey.me()
  complain(retry, '')
  if (!user) return show('signed-out')
  write('#email', user.email)
  await Promise.all([showDevices(), showAlerts(), showRecovery()])
  show('account')
}

async function showDevices(): Promise<void> {
  const { passkeys, sessions, passkeysLeft } = await latchkey.securityDevices()
  things('#passkeys', passkeys.map(passkeyItem))
  addForm.hidden = passkeysLeft === 0 || !isPasskeySupported()
  write('#passkeys-hint', hintFor(passkeysLeft))
  things('#sessions', sessions.map(sessionItem))
  endOthersForm.hidden = sessions.length < 2
}

function hintFor(passkeysLeft: number): string {
  if (!isPasskeySupported()) return 'This browser cannot make passkeys.'
  return passkeysLeft === 0 ? 'Five passkeys are as many as an account may have.' : ''
}

function passkeyItem({ id, name, createdAt, lastUsedAt }: Passkey): HTMLElement {
  const used = lastUsedAt ? `last used ${ago(new Date(lastUsedAt))}` : 'not used yet'
  return item({
    title: name,
    detail: `Added ${dateAndTime(new Date(createdAt))}, ${used}`,
    actions: [
      {
        label: 'Rename',
        describes: name,
        work: async () => {
          const wanted = prompt('What should this passkey be called?', name)?.trim()
          if (!wanted || wanted === name) return
          await latchkey.renameDevice({ id, name: wanted })
          await showDevices()
        },
      },
      {
        label: 'Remove',
        describes: name,
        work: async () => {
          if (!confirm(`Remove "${name}"? It will no longer sign you in. A link by mail goes on working.`)) return
          await latchkey.removeDevice(id)
          await changed()
          say(`"${name}" is removed. A link by mail goes on working.`)
        },
      },
    ],
  })
}

function sessionItem({ id, current, deviceName, ipAddress, lastActivityAt }: Session): HTMLElement {
  const where = ipAddress ? ` from ${ipAddress}` : ''
  return item({
    title: current ? `${deviceName} (this one)` : deviceName,
    detail: `Used ${ago(new Date(lastActivityAt))}${where}`,
    actions: current
      ? []
      : [
          {
            label: 'Sign out',
            describes: deviceName,
            work: async () => {
              await latchkey.revokeSession(id)
              await showDevices()
            },
          },
        ],
  })
}

async function showAlerts(): Promise<void> {
  const { edges } = await latchkey.securityAlerts({ first: 20 })
  const unseen = edges.map(({ node }) => node).filter(({ acknowledgedAt }) => !acknowledgedAt)
  things('#alerts', unseen.map(alertItem))
  find('#alerts-part', HTMLElement).hidden = unseen.length === 0
}

function alertItem({ id, message, createdAt }: SecurityAlert): HTMLElement {
  return item({
    title: message,
    detail: ago(new Date(createdAt)),
    actions: [
      {
        label: 'I have seen it',
        describes: message,
        work: async () => {
          await latchkey.acknowledgeAlert(id)
          await showAlerts()
        },
      },
    ],
  })
}

// The lists follow what happens, in this browser or in another one.
async function listen(): Promise<void> {
  if (find('[data-state="account"]', HTMLElement).hidden) return
  const follow = (): void => void Promise.all([showAlerts(), showDevices(), showRecovery()]).catch(() => undefined)
  try {
    await latchkey.onSecurityAlert(follow, { signal: stopListening.signal })
  } catch (error) {
    if (isLatchkeyError(error, 'UNAUTHENTICATED')) show('signed-out')
    // Anything else: the page goes on without news, as it does where a proxy lets no stream through.
  }
}

async function changed(): Promise<void> {
  await showDevices()
  offer.hidden = endOthersForm.hidden
}

async function endOthers(): Promise<void> {
  const ended = await latchkey.revokeOtherSessions()
  offer.hidden = true
  say(ended.length === 1 ? 'One other session has ended.' : `${ended.length} other sessions have ended.`)
  await showDevices()
}

function say(text: string): void {
  write('#said', text)
  find('#said', HTMLElement).hidden = false
}
