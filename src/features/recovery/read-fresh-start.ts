import type { Context } from '../../context.ts'
import type { FreshStart, KeySlot } from '../../generated/sqlite/client.ts'
import type { KeysToUnlock } from '../encryption/read-keys.ts'

/** The viewer's fresh start that waits, or can be done now; null where none was asked for, or it has run out. */
export async function readFreshStart({ db, services }: Context): Promise<FreshStart | null> {
  const freshStart = await db.freshStart.findFirst()
  return freshStart && freshStart.expiresAt > (await services.database.now()) ? freshStart : null
}

/**
 * Every ring that the viewer gave up and that is still kept, the newest first, as a client needs it to unlock: an old
 * passphrase opens it, a recovery code that was not used, or a passkey that the account still has.
 */
export async function readFormerKeys({ db, services }: Context): Promise<KeysToUnlock[]> {
  const rows = await db.formerKeys.findMany({ orderBy: [{ givenUpAt: 'desc' }, { id: 'desc' }] })
  if (rows.length === 0) return []
  const now = await services.database.now()
  const rings = rows
    .filter(({ removeAt }) => removeAt > now)
    .map((former) => ({ keys: former, slots: slotsIn(former.slots) }))
  const passkeys = rings.flatMap(({ slots }) => slots.flatMap(({ passkeyId }) => passkeyId ?? []))
  const left = passkeys.length === 0 ? [] : await db.passkey.findMany({ where: { id: { in: passkeys } } })
  const isLeft = ({ passkeyId }: KeySlot) => passkeyId === null || left.some(({ id }) => id === passkeyId)
  return rings.map(({ keys, slots }) => ({ keys, slots: slots.filter(isLeft) }))
}

/** Until when what the viewer gave up last is kept; null where nothing is. */
export async function readFormerKeysUntil({ db, services }: Context): Promise<Date | null> {
  const [former] = await db.formerKeys.findMany({
    orderBy: [{ givenUpAt: 'desc' }, { id: 'desc' }],
    take: 1,
    select: { removeAt: true },
  })
  return former && former.removeAt > (await services.database.now()) ? former.removeAt : null
}

function slotsIn(text: string): KeySlot[] {
  const slots = JSON.parse(text) as (KeySlot & { createdAt: string })[] // as completeFreshStart wrote them
  return slots.map((slot) => ({ ...slot, createdAt: new Date(slot.createdAt) }))
}
