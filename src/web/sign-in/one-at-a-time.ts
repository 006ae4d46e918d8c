import { useEffect, useRef } from 'preact/hooks'

/**
 * A signal for one piece of work at a time: asking for another calls off the one before, and leaving the page the last.
 * A browser shows one ceremony of passkeys at a time.
 */
export function useOneAtATime(): () => AbortSignal {
  const current = useRef(new AbortController())
  const isGone = useRef(false)
  useEffect(
    () => () => {
      isGone.current = true
      current.current.abort()
    },
    [],
  )
  return () => {
    current.current.abort()
    if (!isGone.current) current.current = new AbortController()
    return current.current.signal
  }
}
