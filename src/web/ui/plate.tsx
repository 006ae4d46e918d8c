import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

/** A page of one thing, such as signing in: a plate in the middle, with the way home. */
export function Plate({ children }: { children: ComponentChildren }) {
  return (
    <main class="plate">
      <a class="home" href="/">
        <img class="mark" src="/favicon.svg" alt="Latchkey, to the home page" width="48" height="48" />
      </a>
      {children}
    </main>
  )
}

let isFirst = true

/**
 * The heading of a page or of a state of one: names the tab. Focus goes to it, which is what a screen reader then reads;
 * not at the first paint, where the browser reads the page by itself, nor where a field wants it.
 */
export function Heading({ children, takesFocus = true }: { children: string; takesFocus?: boolean }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = children === 'Latchkey' ? children : `${children} · Latchkey`
    if (takesFocus && !isFirst) heading.current?.focus()
    isFirst = false
  }, [children, takesFocus])
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  )
}

/** Takes the focus to the heading, where what had it is gone from the page. */
export const focusHeading = (): void => document.querySelector('h1')?.focus()
