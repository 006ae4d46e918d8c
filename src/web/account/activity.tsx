import { useEffect } from 'preact/hooks'
import { AlertList } from './alert-list.tsx'
import { justCame } from './alerts.ts'
import { AccountFrame } from './frame.tsx'
import { SecurityLog } from './security-log.tsx'

/** The alerts as they come, and the log of what was done in the account. */
export function Activity() {
  useEffect(() => {
    justCame.value = null
    return () => void (justCame.value = null)
  }, [])
  return (
    <AccountFrame title="Activity">
      {() => (
        <>
          <AlertList />
          <SecurityLog />
        </>
      )}
    </AccountFrame>
  )
}
