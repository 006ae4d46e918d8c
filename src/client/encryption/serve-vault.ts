import { sendError, VAULT_CALLS } from './vault-messages.ts'
import type { VaultAnswer, VaultCall } from './vault-messages.ts'
import type { Vault } from './vault.ts'

/** The inner end of a Worker, or of a MessageChannel. */
type Port = {
  postMessage(answer: VaultAnswer): void
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void
}

/** Does what is asked through the port, several calls at a time, and answers each by its number. */
export function serveVault(port: Port, vault: Vault): void {
  port.addEventListener('message', ({ data }) => {
    void answer(vault, data as VaultCall).then((sent) => port.postMessage(sent)) // the page's own, from the same build
  })
}

async function answer(vault: Vault, { id, name, input }: VaultCall): Promise<VaultAnswer> {
  try {
    if (!VAULT_CALLS.includes(name)) throw new Error(`The vault has no call ${name}.`)
    // One call takes one input; which type goes with which name is seen to where it is sent.
    const call = vault[name].bind(vault) as (input: unknown) => Promise<unknown>
    return { id, ok: true, value: await call(input) }
  } catch (error) {
    return { id, ok: false, error: sendError(error) }
  }
}
