/** The one element of a kind that the page has. That it is missing is a fault of the page, and stops its script. */
export function find<E extends Element>(selector: string, kind: new () => E): E {
  const element = document.querySelector(selector)
  if (!(element instanceof kind)) throw new Error(`The page has no ${selector} that is a ${kind.name}.`)
  return element
}

/** Writes text, never markup, into every element that the selector names. */
export function write(selector: string, text: string): void {
  for (const element of document.querySelectorAll(selector)) element.textContent = text
}

/**
 * Shows one state of the page and hides the others. Focus goes to `focus`, or to the state's heading, which is what a
 * screen reader then reads; not at the first paint, where the browser reads the page by itself.
 */
export function show(state: string, focus?: HTMLElement): void {
  const sections = [...document.querySelectorAll<HTMLElement>('[data-state]')]
  const first = sections.every((section) => section.hidden)
  for (const section of sections) section.hidden = section.dataset.state !== state
  const heading = document.querySelector<HTMLElement>(`[data-state="${state}"] h1, h1`)
  if (document.querySelector(`[data-state="${state}"] h1`)) document.title = `${heading?.textContent ?? ''} · Latchkey`
  if (focus) focus.focus()
  else if (!first) heading?.focus()
}
