import { isLatchkeyError, type Reauthentication } from 'latchkey/client'

/** Asks for a proof by a passkey, else by a code from a mail. True once it is given: what needed it goes on by itself. */
export async function prove({ methods, client }: Reauthentication): Promise<boolean> {
  if (methods.includes('PASSKEY')) {
    const outcome = await client.reauthenticateWithPasskey()
    if (outcome.kind === 'Proved') return true
  }
  if (!methods.includes('MAGIC_LINK')) return false
  await client.requestReauthenticationCode()
  for (let words = 'Is it you? We sent you a mail with six digits.'; ; words = 'These are not the digits. Try again.') {
    const code = await askForCode(words)
    if (code === null) return false
    try {
      await client.reauthenticateWithCode({ code })
      return true
    } catch (error) {
      if (!isLatchkeyError(error, 'CODE_INVALID')) throw error
    }
  }
}

/** A dialog with one field. Null where it is put off. */
function askForCode(words: string): Promise<string | null> {
  const dialog = make('dialog', {})
  const field = make('input', { id: 'proof-code', inputMode: 'numeric', autocomplete: 'one-time-code', required: true })
  const form = make('form', { method: 'dialog' })
  form.append(
    make('label', { htmlFor: 'proof-code', textContent: words }),
    field,
    make('button', { value: 'go-on', textContent: 'Go on' }),
    make('button', { value: 'not-now', textContent: 'Not now', formNoValidate: true }),
  )
  dialog.append(form)
  document.body.append(dialog)
  dialog.showModal() // takes the focus, and gives it back
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      resolve(dialog.returnValue === 'go-on' ? field.value.replace(/\D/g, '') : null)
      dialog.remove()
    })
  })
}

function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  properties: Partial<HTMLElementTagNameMap[Name]>,
): HTMLElementTagNameMap[Name] {
  return Object.assign(document.createElement(name), properties)
}
