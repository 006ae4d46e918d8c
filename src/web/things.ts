import { find } from './dom.ts'
import { onSend } from './form.ts'

/** One thing in a list, and what can be done with it. */
export type Thing = {
  title: string
  detail: string
  actions: readonly { label: string; describes: string; work: () => Promise<void> }[]
}

/** Fills a list anew. */
export function things(selector: string, items: readonly HTMLElement[]): void {
  find(selector, HTMLUListElement).replaceChildren(...items)
}

/** A line of a list: text alone, never markup, and a button for each action. What fails is said beside its button. */
export function item({ title, detail, actions }: Thing): HTMLElement {
  const line = document.createElement('li')
  const words = document.createElement('div')
  words.append(made('p', title), made('p', detail, 'hint'))
  line.append(words, ...actions.map(actionForm))
  return line
}

function actionForm({ label, describes, work }: Thing['actions'][number]): HTMLFormElement {
  const form = document.createElement('form')
  form.noValidate = true
  const error = made('p', '', 'error')
  error.setAttribute('role', 'alert')
  const button = made('button', label, 'plain')
  button.type = 'submit'
  button.setAttribute('aria-label', `${label}: ${describes}`)
  form.append(error, button)
  onSend(form, `${label} …`, work)
  return form
}

function made<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  text: string,
  className = '',
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name)
  element.textContent = text
  element.className = className
  return element
}
