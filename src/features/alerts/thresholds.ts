const [SECOND, HOUR, DAY] = [1_000, 60 * 60_000, 24 * 60 * 60_000] as const

/**
 * What counts as unusual: the numbers behind the alerts that are raised by counting. They refuse nobody anything, so
 * neither LIMIT_... nor RATE_LIMIT_SCALE changes them.
 */
export const THRESHOLDS = {
  /** Failed sign-ins and re-authentications of one account. An owner who mistypes a code stays below. */
  failuresOfAccount: { name: 'failures.account', max: 5, windowMs: HOUR },
  /** Failed sign-ins from one network (an IPv4 address, an IPv6 /64), whatever the account. An office stays below. */
  failuresOfNetwork: { name: 'failures.network', max: 20, windowMs: HOUR },
  /**
   * How often it is looked whether a warning is due, for one account and for one neighbourhood: once for all that fail
   * together, and again where whoever looked died before it was written.
   */
  weighedOfAccount: { name: 'failures.weighed-account', max: 1, windowMs: 5 * SECOND },
  weighedOfNetwork: { name: 'failures.weighed-network', max: 1, windowMs: 5 * SECOND },
} as const

/** For how long the administrators, who were told of a neighbourhood (an IPv4 /24, an IPv6 /48), do not hear of it again. */
export const NETWORK_TOLD_MS = DAY

/** Reads within an hour by the clock that are told of as unusual. */
export const UNUSUAL_READS = {
  /** So many rows at the least, ... */
  rows: 500,
  /** ... and more than so many times the user's own highest hour ... */
  timesThePast: 10,
  /** ... of so many days. An account younger than `newForMs` has no past to be compared with. */
  pastDays: 30,
  newForMs: DAY,
  /** Or more than so many ids that are no rows of the user's: somebody guesses, or walks through numbers. */
  missing: 50,
} as const
