import { useEffect, useState } from 'preact/hooks'
import { latchkey } from '../latchkey.ts'

/** Whether the keys are open, as it changes: by hand, in another tab, or after a while without use. */
export function useUnlocked(): boolean {
  const [isUnlocked, setUnlocked] = useState(latchkey.encryption.isUnlocked)
  useEffect(() => latchkey.encryption.onChange(({ kind }) => setUnlocked(kind === 'UNLOCKED')), [])
  return isUnlocked
}
