import type { FormerKeys } from '../../generated/sqlite/client.ts'
import type { Job } from '../../platform/jobs.ts'
import type { Services } from '../../services.ts'
import { keyIdsIn } from '../encryption/former-keys.ts'
import { HOUR } from './requests.ts'

/** How many records are cleared in one statement. */
const BATCH = 500

/**
 * Removes keys that were given up 30 days ago, and what only they open: encryptedData of the records that name them. The
 * rest of a record stays. Besides, fresh starts that have run out. By the database's clock.
 */
export const removeFormerKeys: Job = {
  name: 'recovery.remove-former-keys',
  everyMs: HOUR,
  async run(services) {
    const { database, log } = services
    const now = await database.now()
    await database.systemDb.freshStart.deleteMany({ where: { expiresAt: { lte: now } } })
    for (const former of await database.systemDb.formerKeys.findMany({ where: { removeAt: { lte: now } } })) {
      // One account's fault must not keep the others' for ever.
      await remove(services, former).catch((error: unknown) =>
        log.error('recovery.former-keys-not-removed', { userId: former.userId, error }),
      )
    }
  },
}

async function remove(services: Services, { id, userId, keyIds }: FormerKeys): Promise<void> {
  const { systemDb } = services.database
  const keys = keyIdsIn(keyIds)
  let cleared = 0
  for (;;) {
    const records = await systemDb.record.findMany({
      where: { userId, keyId: { in: keys } },
      select: { id: true },
      take: BATCH,
    })
    if (records.length === 0) break
    // One that was written anew meanwhile is left alone.
    const { count } = await systemDb.record.updateMany({
      where: { userId, id: { in: records.map((record) => record.id) }, keyId: { in: keys } },
      data: { encryptedData: null, keyId: null, revision: { increment: 1 }, updatedAt: services.now() },
    })
    cleared += count
  }
  await systemDb.$transaction(async (tx) => {
    const { count } = await tx.formerKeys.deleteMany({ where: { userId, id } })
    if (count === 0) return
    const event = { action: 'recovery.former-keys-removed', userId, tableName: 'former_keys', recordId: id }
    const nowhere = { ipAddress: null, userAgent: null, deviceName: 'Latchkey' }
    await tx.auditEntry.create({
      data: services.audit.row({ ...event, sessionId: null, details: { recordsCleared: cleared } }, nowhere),
    })
  })
}
