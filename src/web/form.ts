import { explain } from './words.ts'

/**
 * Runs a form's work when it is sent, once at a time. What fails is said in the form's `.error`, and where waiting is
 * what helps the button comes back when the time is over.
 */
export function onSend(form: HTMLFormElement, working: string, work: () => Promise<void>): void {
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void send(form, working, work)
  })
}

async function send(form: HTMLFormElement, working: string, work: () => Promise<void>): Promise<void> {
  const button = form.querySelector<HTMLButtonElement>('button[type="submit"]')
  if (!button || isOff(button)) return
  const label = button.textContent
  complain(form, '')
  turnOff(button)
  button.textContent = working
  try {
    await work()
  } catch (error) {
    fail(form, error)
  } finally {
    button.textContent = label
    if (!button.dataset.until) turnOn(button)
  }
}

/** Says in the form what went wrong. Empty takes it back. */
export function complain(form: HTMLFormElement, text: string): void {
  const place = form.querySelector('.error')
  if (place) place.textContent = text
  const input = form.querySelector<HTMLInputElement>('input:not([type="checkbox"])')
  if (text) input?.setAttribute('aria-invalid', 'true')
  else input?.removeAttribute('aria-invalid')
}

/** Explains an error in the form, and holds its button back for as long as the server asks to wait. */
export function fail(form: HTMLFormElement, error: unknown): void {
  const { text, waitSeconds } = explain(error)
  complain(form, text)
  const button = form.querySelector<HTMLButtonElement>('button[type="submit"]')
  if (button && waitSeconds !== undefined) holdBack(button, waitSeconds, () => complain(form, ''))
}

/** Turns a button off for some seconds. */
export function holdBack(button: HTMLButtonElement, seconds: number, whenOver: () => void = () => undefined): void {
  const until = Date.now() + seconds * 1000
  button.dataset.until = String(until)
  turnOff(button)
  const timer = setInterval(() => {
    if (Date.now() < until) return // a clock that is looked at outlives a laptop's sleep; a long timeout does not
    clearInterval(timer)
    if (button.dataset.until !== String(until)) return
    delete button.dataset.until
    turnOn(button)
    whenOver()
  }, 500)
}

// `disabled` would take the focus away from under the reader; this keeps it, and is announced.
const isOff = (button: HTMLButtonElement): boolean => button.getAttribute('aria-disabled') === 'true'
const turnOff = (button: HTMLButtonElement): void => button.setAttribute('aria-disabled', 'true')
const turnOn = (button: HTMLButtonElement): void => button.removeAttribute('aria-disabled')
