import { useLocation } from 'preact-iso'
import type { User } from '../../client/index.ts'
import { signedIn } from '../latchkey.ts'
import { pathOf, placeToGo } from './place-to-go.ts'

/** What a sign-in gives, by whichever way. */
export type Arrival = { user: User; redirectTo: string | null }

/**
 * What to do once somebody is signed in: goes where the server says, and gives that address. Within these pages it does
 * so without loading anew, since the keys that the sign-in may have opened live in this page alone.
 */
export function useGoOn(): (arrival: Arrival) => string {
  const { route } = useLocation()
  return ({ user, redirectTo }) => {
    const place = placeToGo(redirectTo)
    signedIn(user)
    if (place.origin === location.origin) route(pathOf(place), true)
    else location.replace(place)
    return place.href
  }
}
