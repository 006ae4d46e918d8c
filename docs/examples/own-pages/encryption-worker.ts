import address from 'latchkey/client/encryption-worker?url'

// The one policy that the page's Content-Security-Policy allows: it knows one address.
const policy = window.trustedTypes?.createPolicy('encryption-worker', {
  createScriptURL: (text: string) => {
    if (text !== address) throw new TypeError('This is not the address of the worker.')
    return text
  },
})

/** Starts the worker that holds the keys, when they are first needed. */
export function startEncryptionWorker(): Worker {
  // The types of the DOM do not know trusted texts yet.
  return new Worker((policy?.createScriptURL(address) ?? address) as string, { type: 'module' })
}
