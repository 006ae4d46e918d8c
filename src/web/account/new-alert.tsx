import { useLocation } from 'preact-iso'
import { justCame } from './alerts.ts'

/**
 * The alert that has just come, on whatever page the person is. On the page of the alerts it is in their list, so that it
 * is only said there.
 */
export function NewAlert() {
  const { path } = useLocation()
  const alert = justCame.value
  const isInList = path === '/account/activity'
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
