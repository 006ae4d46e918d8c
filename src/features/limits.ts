import type { Config } from '../config.ts'
import type { CountedBy, LimitRow } from '../platform/limits/limits.ts'

type Limit = Pick<LimitRow, 'max' | 'counted' | 'storeAway'> & { window: keyof typeof WINDOWS }

const WINDOWS = { '10m': 10 * 60_000, '1h': 60 * 60_000 } as const

/**
 * Every limit on tries. At most `max` calls in any `window`, by whom the row's name says: the mail address asked for,
 * a browser that has proved it, the network that asks (an IPv4 address, an IPv6 /64), the signed-in user, or the
 * session. A field names a group
 * (`limit: 'data'`), and each of its calls, aliases included, counts in every row of it and in `graphql`.
 *
 * `counted: 'shared'` is one count over all processes, in Redis; `local` is counted in each, which costs no round trip
 * and is as good where the number only has to be sane. `storeAway` says what happens when Redis is away.
 *
 * These are the numbers in production. LIMIT_<NAME> sets a row's own (LIMIT_DATA_USER=500), RATE_LIMIT_SCALE
 * multiplies them all, and `npm run doctor` prints the table in force.
 */
export const LIMITS = {
  // Each call sends a mail. The address protects its owner from a flood, the network the sender's good name.
  requestMagicLink: {
    address: { max: 3, window: '1h', counted: 'shared', storeAway: 'refuse' },
    // In the place of the row above, for a browser that has signed in with the address before: a stranger who uses the
    // address' calls up does not lock its owner out.
    device: { max: 3, window: '1h', counted: 'shared', storeAway: 'refuse' },
    network: { max: 30, window: '1h', counted: 'shared', storeAway: 'refuse' },
  },
  // A link has 256 random bits, so this only stops a flood; an office that signs in at nine behind one address gets through.
  verifyMagicLink: { network: { max: 30, window: '10m', counted: 'shared', storeAway: 'local' } },
  // A code has six digits, and the database ends it after five wrong tries. This is the second fence.
  verifyMagicCode: { network: { max: 30, window: '10m', counted: 'shared', storeAway: 'local' } },
  // An address is named where no passkey offered itself; each challenge is good for one attempt. A page that only waits
  // for a passkey to be chosen names none, and counts in the network's row alone.
  beginPasskeyLogin: {
    address: { max: 10, window: '1h', counted: 'shared', storeAway: 'local' },
    device: { max: 10, window: '1h', counted: 'shared', storeAway: 'local' },
    network: { max: 120, window: '10m', counted: 'shared', storeAway: 'local' },
  },
  // Each tells the owner by a mail. By user, so that many sessions are not many mails. The fields count what a session's
  // level allows alone (countsWhen), so that a stolen one below STRONG does not use up the owner's calls.
  changePasskeys: { user: { max: 10, window: '1h', counted: 'shared', storeAway: 'local' } },
  // The keys of end-to-end encryption; as above.
  changeKeys: { user: { max: 10, window: '1h', counted: 'shared', storeAway: 'local' } },
  // A hundred records a call: what follows a rotation must not use up the calls of daily work.
  reencryption: { user: { max: 1_000, window: '1h', counted: 'shared', storeAway: 'local' } },
  completePasskeyLogin: { network: { max: 10, window: '1h', counted: 'shared', storeAway: 'local' } },
  signInOptions: { network: { max: 120, window: '10m', counted: 'local', storeAway: 'local' } },
  // A mail to the user. By session, as account below.
  requestReauthenticationCode: { session: { max: 3, window: '1h', counted: 'shared', storeAway: 'refuse' } },
  reauthenticateWithCode: { session: { max: 10, window: '10m', counted: 'shared', storeAway: 'local' } },
  completePasskeyReauthentication: { session: { max: 10, window: '1h', counted: 'shared', storeAway: 'local' } },
  // The link in an alert's mail: 256 random bits, so this only stops a flood.
  disownAlert: { network: { max: 30, window: '10m', counted: 'shared', storeAway: 'local' } },
  // What may end in the keys. The database counts the wrong tries; this is the second fence, and it stands or nothing goes.
  recovery: { session: { max: 30, window: '1h', counted: 'shared', storeAway: 'refuse' } },
  // The link in the warning's mail: 256 bits, so this only stops a flood. It must work when Redis does not.
  cancelRecovery: { network: { max: 30, window: '10m', counted: 'shared', storeAway: 'local' } },
  // record, records, createRecord, updateRecord, deleteRecord, node; nodes counts each id.
  data: { user: { max: 100, window: '1h', counted: 'shared', storeAway: 'local' } },
  // All else that a signed-in user reads and changes of the account, and the beginning of a subscription. By session, so
  // that a thief who
  // holds one cannot use up the calls with which the owner, in another, would throw him out.
  account: { session: { max: 600, window: '1h', counted: 'local', storeAway: 'local' } },
  // Every field, whoever calls: ten a second, for as many people as share a network.
  graphql: { network: { max: 6_000, window: '10m', counted: 'local', storeAway: 'local' } },
} as const satisfies Record<string, Partial<Record<CountedBy, Limit>>>

/** The group that counts every field. */
export const EVERY_FIELD = 'graphql'

/** What a field may name as its limit. */
export type FieldLimitName = Exclude<keyof typeof LIMITS, typeof EVERY_FIELD>

/** A limit as it was set, with the environment variable that sets it. */
export type LimitInForce = LimitRow & { variable: string }

/** The rows as documented, with their production numbers. */
export const DOCUMENTED_LIMITS: readonly LimitInForce[] = Object.entries(LIMITS).flatMap(([group, rows]) =>
  Object.entries<Limit>(rows).map(([by, limit]) => {
    const name = `${group}.${by}`
    // The table's own type admits no other key than these.
    return {
      ...limit,
      name,
      group,
      by: by as CountedBy,
      windowMs: WINDOWS[limit.window],
      variable: limitVariable(name),
    }
  }),
)

/** The environment variable for a row: 'requestMagicLink.address' is set by LIMIT_REQUEST_MAGIC_LINK_ADDRESS. */
export function limitVariable(name: string): string {
  return `LIMIT_${name
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replaceAll('.', '_')
    .toUpperCase()}`
}

/** The table in force: each row's own maximum where one is set, times the scale, rounded up, and 1 at the least. */
export function limitsInForce({ overrides, scale }: Config['limits']): LimitInForce[] {
  return DOCUMENTED_LIMITS.map((row) => ({
    ...row,
    max: Math.max(1, Math.ceil((overrides[row.name] ?? row.max) * scale)),
  }))
}
