import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import type { SecurityAlert } from '../../generated/sqlite/client.ts'

/** Notes when the viewer saw an alert; the first time stands. NOT_FOUND when it is gone, or another's. */
export async function acknowledgeAlert({ db, services }: Context, id: string): Promise<SecurityAlert> {
  const [acknowledged] = await db.securityAlert.updateManyAndReturn({
    where: { id, acknowledgedAt: null },
    data: { acknowledgedAt: services.now() },
  })
  const alert = acknowledged ?? (await db.securityAlert.findFirst({ where: { id } }))
  if (!alert) throw new AppError('NOT_FOUND', 'There is no such alert, or it is not yours.', { field: 'id' })
  return alert
}
