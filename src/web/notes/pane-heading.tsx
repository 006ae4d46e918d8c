import { useEffect, useRef } from 'preact/hooks'

/** The heading of a note, or of what is said in its place. Focus goes to it, as the note takes the place of another. */
export function PaneHeading({ children, takesFocus = true }: { children: string; takesFocus?: boolean }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    if (takesFocus) heading.current?.focus()
  }, [takesFocus])
  return (
    <h2 ref={heading} tabIndex={-1}>
      {children}
    </h2>
  )
}
