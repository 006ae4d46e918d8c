import { useEffect, useRef } from 'preact/hooks'
import { news } from './alerts.ts'

/** Asks again for what a page shows whenever the account may have changed elsewhere. */
export function useNews(reload: () => Promise<void>): void {
  const seen = useRef(news.value)
  const count = news.value
  useEffect(() => {
    if (seen.current === count) return
    seen.current = count
    // What is shown stays; what the person asks for next tells what is wrong.
    reload().catch(() => null)
  }, [count, reload])
}
