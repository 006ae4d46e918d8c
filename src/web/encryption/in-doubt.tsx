import { useEffect, useRef } from 'preact/hooks'
import { online } from '../ui/online.ts'
import { Deed } from './deed.tsx'

/**
 * Stands in for what would follow, where the answer to new keys was lost. `look` finds out what is in force: it is called
 * at once, whenever there is a connection again, and by a button.
 */
export function InDoubt({ words, look }: { words: string; look: () => Promise<void> }) {
  const isOnline = online.value
  const newest = useRef(look)
  newest.current = look
  useEffect(() => {
    if (isOnline) newest.current().catch(() => undefined) // the button tells what is wrong
  }, [isOnline])
  return (
    <>
      <p class="lead">
        The connection broke at the last step. {words} <strong>Keep the codes</strong> that you were shown, and the new
        passphrase.
      </p>
      <p>Once you are connected, this page looks which it is.</p>
      <Deed label="Look now" working="Looking" kind="main" work={() => look().then(() => null)} />
    </>
  )
}
