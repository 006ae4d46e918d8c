import { v7 as uuidv7 } from 'uuid'
import type { Context } from '../../context.ts'
import { makeCode } from '../../platform/crypto/tokens.ts'
import { signedIn } from '../sessions/signed-in.ts'
import { codeMac } from '../sign-in/six-digits.ts'
import { reauthenticationMail } from './emails.ts'

type RequestedCode = { message: string; expiresAt: Date }

/** Sends six digits to the viewer's own address, by which this session alone can prove the viewer again. */
export async function requestCode(context: Context): Promise<RequestedCode> {
  const { services, origin } = context
  const { user, session } = signedIn(context)
  const { config, database, keys } = services

  const now = services.now()
  const expiresAt = new Date(now.getTime() + config.lifetimes.linkMs)
  const [id, code] = [uuidv7({ msecs: now.getTime() }), makeCode()]
  const mail = reauthenticationMail({
    to: user.email,
    code,
    expiresInMinutes: config.lifetimes.linkMs / 60_000,
    asked: { at: now, deviceName: origin.deviceName, ipAddress: origin.ipAddress },
    publicHost: config.pagesUrl.host,
  })

  // As the server, for the outbox belongs to nobody: the code and its mail come into being together.
  await database.systemDb.$transaction(async (tx) => {
    const codeHash = codeMac(keys, { purpose: 'reauthentication', id }, code)
    await tx.reauthenticationCode.create({
      data: { id, userId: user.id, sessionId: session.id, codeHash, createdAt: now, expiresAt },
    })
    await services.outbox.enqueue(tx, mail, { expiresAt })
    const event = {
      action: 'reauthentication.code-requested',
      userId: user.id,
      sessionId: session.id,
      tableName: 'reauthentication_codes',
      recordId: id,
      details: { method: 'MAGIC_LINK' },
    }
    await tx.auditEntry.create({ data: services.audit.row(event, origin) })
  })

  services.outbox.wake()
  return { message: 'A mail with a code is on its way to your address.', expiresAt }
}
