import { useLocation } from 'preact-iso'
import type { User } from '../../client/index.ts'
import { signedIn } from '../latchkey.ts'

const START = '/account'

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

/** Where to go on to for whoever was signed in already. The server has not looked at the place: none but its own pass. */
export function ownPlace(redirectTo: string | null): string {
  const place = placeToGo(redirectTo)
  return place.origin === location.origin ? pathOf(place) : START
}

/** The server has allowed the place already. A script's address would still run here, so only these kinds pass. */
function placeToGo(redirectTo: string | null): URL {
  const start = new URL(START, location.origin)
  if (redirectTo === null || !URL.canParse(redirectTo, location.origin)) return start
  const place = new URL(redirectTo, location.origin)
  return place.protocol === 'https:' || place.protocol === 'http:' ? place : start
}

const pathOf = ({ pathname, search, hash }: URL): string => pathname + search + hash
