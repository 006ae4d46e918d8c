import { useLocation } from 'preact-iso'
import { justCame } from './alerts.ts'

// What a page shows by itself: an alert of it is said to a reader there, and not shown a second time.
const SHOWN_BY: Readonly<Record<string, RegExp>> = { '/account/activity': /./, '/account/ways-in': /^passkey\./ }

/** The alert that has just come, on whatever page the person is. */
export function NewAlert() {
  const { path } = useLocation()
  const alert = justCame.value
  const isInList = alert !== null && SHOWN_BY[path]?.test(alert.kind) === true
  return (
    <div role="status" class={isInList ? 'for-readers' : 'said-place'}>
      {alert && (
        <p class={isInList ? '' : 'note said'}>
          <span>{alert.message}</span>
          {!isInList && <a href="/account/activity">Look at it</a>}
        </p>
      )}
    </div>
  )
}
