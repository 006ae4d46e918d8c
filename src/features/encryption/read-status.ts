import type { Context } from '../../context.ts'
import type { EncryptionKeys, KeyRotation } from '../../generated/sqlite/client.ts'
import { signedIn } from '../sessions/signed-in.ts'
import { countRecordsLeft, listRotations } from './rotations.ts'

/** What is cheap of the state of encryption; null before the first setup. */
type StatusRow = Pick<
  EncryptionKeys,
  'encryptionEnabled' | 'biometricKeyAvailable' | 'ringRevision' | 'generation' | 'createdAt'
>

/** How the viewer's encryption stands. What costs a query of its own is asked for once, and only when it is wanted. */
export type EncryptionStatus = {
  keys: StatusRow | null
  slotsOf(kind: 'RECOVERY_CODE' | 'SECURITY_QUESTIONS'): Promise<number>
}

/** A rotation and how many records it still waits for. */
export type RotationStatus = { rotation: KeyRotation; recordsLeft: number }

export async function readStatus({ db }: Context): Promise<EncryptionStatus> {
  const keys = await db.encryptionKeys.findFirst({
    select: {
      encryptionEnabled: true,
      biometricKeyAvailable: true,
      ringRevision: true,
      generation: true,
      createdAt: true,
    },
  })
  let counted: Promise<Map<string, number>> | null = null
  const countSlots = async () => {
    const groups = await db.keySlot.groupBy({ by: ['kind'], _count: { _all: true } })
    return new Map(groups.map(({ kind, _count }) => [kind, _count._all]))
  }
  return {
    keys,
    async slotsOf(kind) {
      if (!keys?.encryptionEnabled) return 0
      counted ??= countSlots()
      return (await counted).get(kind) ?? 0
    },
  }
}

/** The viewer's newest rotation; null when there never was one. */
export async function readRotation(context: Context): Promise<RotationStatus | null> {
  const { user } = signedIn(context)
  const rotations = await listRotations(context.db, user.id)
  const [rotation] = rotations
  if (!rotation) return null
  // Finished means that no record was left, and none can come after: nothing need be counted for it ever again.
  if (rotation.finishedAt) return { rotation, recordsLeft: 0 }
  return { rotation, recordsLeft: await countRecordsLeft(context.db, user.id, rotations) }
}
