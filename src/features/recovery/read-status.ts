import type { Context } from '../../context.ts'
import type { SecurityQuestions } from '../../generated/sqlite/client.ts'
import { requireViewer } from '../sessions/signed-in.ts'
import { openQuestions } from './questions.ts'
import type { RecoveryMethod, SeenRequest } from './requests.ts'

/** How the viewer's ways to recover stand. What costs a query of its own is asked for once, and only when it is wanted. */
export type RecoveryStatus = {
  methods(): Promise<RecoveryMethod[]>
  codesLeft(): Promise<number>
  /** None where they are not set, or the server takes none. */
  questions(): Promise<string[]>
  questionsSalt(): Promise<string | null>
  /** The newest, open or not; null when there is none, or the last is long over. */
  request(): Promise<SeenRequest | null>
}

/** How the viewer can recover, and what is under way. It reads nothing yet: each field does. */
export function readRecoveryStatus(context: Context): RecoveryStatus {
  requireViewer(context)
  const { db, viewer, services } = context
  const { config, keys } = services
  const isOn = viewer.user.encryptionEnabled
  const codesLeft = once(() => db.keySlot.count({ where: { kind: 'RECOVERY_CODE' } }))
  const questions = once(async (): Promise<SecurityQuestions | null> =>
    isOn && config.securityQuestions ? db.securityQuestions.findFirst() : null,
  )
  return {
    codesLeft: async () => (isOn ? codesLeft() : 0),
    async methods() {
      if (!isOn) return []
      return [
        ...((await codesLeft()) > 0 ? (['RECOVERY_CODE'] as const) : []),
        ...((await questions()) ? (['SECURITY_QUESTIONS'] as const) : []),
        ...(config.passkeys && viewer.user.passkeyCount > 0 ? (['PASSKEY'] as const) : []),
      ]
    },
    async questions() {
      const row = await questions()
      return row ? openQuestions(keys, row) : []
    },
    questionsSalt: async () => (await questions())?.salt ?? null,
    async request() {
      const [newest] = await db.recoveryRequest.findMany({ orderBy: [{ createdAt: 'desc' }, { id: 'desc' }], take: 1 })
      return newest ? { ...newest, seenAt: await services.database.now() } : null
    },
  }
}

/** One of the viewer's requests; null for one that is gone, or another user's. */
export async function findRequest({ db, services }: Context, id: string): Promise<SeenRequest | null> {
  const request = await db.recoveryRequest.findFirst({ where: { id } })
  return request && { ...request, seenAt: await services.database.now() }
}

function once<Value>(read: () => Promise<Value>): () => Promise<Value> {
  let value: Promise<Value> | undefined
  return () => (value ??= read())
}
