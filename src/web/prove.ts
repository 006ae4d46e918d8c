import { isLatchkeyError } from '../client/index.ts'
import type { Reauthentication } from '../client/index.ts'
import { complain, onSend } from './form.ts'
import { whyNot } from './words.ts'

/**
 * Asks for a proof in a dialog, by a passkey or by a code from a mail, whichever would do. True once it is given; false
 * when it is put off.
 */
export function prove({ methods, client }: Reauthentication): Promise<boolean> {
  return new Promise((resolve) => {
    const dialog = document.createElement('dialog')
    dialog.className = 'plate'
    dialog.setAttribute('aria-labelledby', 'prove-title')
    const end = (proved: boolean): void => {
      dialog.remove()
      resolve(proved)
    }
    dialog.addEventListener('cancel', () => end(false))

    const title = element('h2', 'Is it you?')
    title.id = 'prove-title'
    dialog.append(title, element('p', 'What you are about to do needs a fresh proof that it is you.'))
    if (methods.includes('PASSKEY')) {
      const form = formWith('Use a passkey', 'Waiting for your passkey')
      form.work = async () => {
        const outcome = await client.reauthenticateWithPasskey()
        if (outcome.kind === 'Proved') end(true)
        else complain(form.element, whyNot(outcome.reason, { to: 'prove', methods }))
      }
      dialog.append(form.element)
    }
    if (methods.includes('MAGIC_LINK')) dialog.append(...codeForms(client, () => end(true)))
    const cancel = element('button', 'Not now')
    cancel.type = 'button'
    cancel.className = 'plain'
    cancel.addEventListener('click', () => end(false))
    dialog.append(cancel)
    document.body.append(dialog)
    dialog.showModal()
  })
}

function codeForms(client: Reauthentication['client'], done: () => void): HTMLElement[] {
  const ask = formWith('Mail me a code', 'Sending')
  const type = formWith('Go on', 'Checking')
  type.element.hidden = true
  const label = element('label', 'Six-digit code')
  const code = document.createElement('input')
  Object.assign(code, {
    id: 'prove-code',
    type: 'text',
    inputMode: 'numeric',
    autocomplete: 'one-time-code',
    className: 'code',
  })
  label.htmlFor = code.id
  type.element.prepend(label, code)

  ask.work = async () => {
    await client.requestReauthenticationCode()
    ask.element.hidden = true
    type.element.hidden = false
    code.focus()
  }
  type.work = async () => {
    try {
      await client.reauthenticateWithCode({ code: code.value })
      done()
    } catch (error) {
      if (isLatchkeyError(error, 'CODE_INVALID')) code.select()
      throw error
    }
  }
  // Six digits are enough.
  code.addEventListener('input', () => {
    code.value = code.value.normalize('NFKC').replace(/\D/g, '').slice(0, 6)
    complain(type.element, '')
    if (code.value.length === 6) type.element.requestSubmit()
  })
  return [ask.element, type.element]
}

type WorkingForm = { element: HTMLFormElement; work: () => Promise<void> }

function formWith(label: string, working: string): WorkingForm {
  const form = document.createElement('form')
  form.noValidate = true
  const error = element('p', '')
  error.className = 'error'
  error.setAttribute('role', 'alert')
  const button = element('button', label)
  button.type = 'submit'
  form.append(error, button)
  const made: WorkingForm = { element: form, work: () => Promise.resolve() }
  onSend(form, working, () => made.work())
  return made
}

function element<Name extends keyof HTMLElementTagNameMap>(name: Name, text: string): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name)
  made.textContent = text
  return made
}
