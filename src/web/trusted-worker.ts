import address from '../client/encryption/encryption-worker.ts?worker&url'

// The page takes no text for the address of a script (Trusted Types) but through this policy, which knows one address.
const policy = window.trustedTypes?.createPolicy('latchkey-worker', {
  createScriptURL: (text: string) => {
    if (text !== address) throw new TypeError(`${text} is not the address of the encryption worker.`)
    return text
  },
})

/** Starts the Worker that holds the keys. It is loaded when it is first needed. */
export function startEncryptionWorker(): Worker {
  // Where a browser knows no Trusted Types, the text does. The types of the DOM know them nowhere yet.
  const trusted = (policy?.createScriptURL(address) ?? address) as string
  return new Worker(trusted, { type: 'module' })
}
