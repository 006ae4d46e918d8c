const START = '/account'

/** Where a sign-in leads. The server has allowed the place already; a script's address would still run here. */
export function placeToGo(redirectTo: string | null): URL {
  const start = new URL(START, location.origin)
  if (redirectTo === null || !URL.canParse(redirectTo, location.origin)) return start
  const place = new URL(redirectTo, location.origin)
  const isOfWeb = place.protocol === 'https:' || place.protocol === 'http:'
  // "/a/..//other.example" is a path here, and another host to whoever reads that path anew.
  return isOfWeb && !place.pathname.startsWith('//') ? place : start
}

/**
 * Where to go on to for whoever was signed in already. The server has not looked at the place: none but its own pass, and
 * none where a link of somebody else's could wait.
 */
export function ownPlace(redirectTo: string | null): string {
  const place = placeToGo(redirectTo)
  const isOwn = place.origin === location.origin && !/^\/(auth|sign-in)(\/|$)/i.test(place.pathname)
  return isOwn ? pathOf(place) : START
}

/** The place within this origin, as the address bar writes it. */
export const pathOf = ({ pathname, search, hash }: URL): string => pathname + search + hash
