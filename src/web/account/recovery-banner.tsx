import { useLocation } from 'preact-iso'
import { useEffect } from 'preact/hooks'
import { UnderWay } from '../recovery/under-way.tsx'
import { news } from './alerts.ts'
import { lookAtRecovery, recoveryStatus } from './recovery-status.ts'

/** What is under way to recover the encrypted data, or to give it up, with the means to stop it; else nothing. */
export function RecoveryBanner() {
  const count = news.value
  useEffect(() => void lookAtRecovery(), [count])
  const { path } = useLocation()
  const status = recoveryStatus.value
  // The page of the recovery shows it by itself, with all that can be done about it.
  if (!status || path === '/account/recovery') return null
  return <UnderWay status={status} changed={lookAtRecovery} />
}
