import { v7 as uuidv7 } from 'uuid'
import type { Origin } from '../../context.ts'
import { hashToken, makeToken } from '../../platform/crypto/tokens.ts'
import type { SystemTx } from '../../platform/db/types.ts'
import { strangersWords } from '../../platform/mail/layout.ts'
import { pageLink } from '../../platform/mail/page-link.ts'
import { encodeNodeId } from '../../schema/node-id.ts'
import type { Services } from '../../services.ts'
import { inUtc } from '../../platform/mail/words.ts'
import { adminMail, alertMail } from './emails.ts'
import type { MailAction } from './emails.ts'
import { ALERT_KINDS } from './kinds.ts'
import type { About, AlertKind, Kind, RecoveryWay } from './kinds.ts'
import { wakeStreams } from './wake-streams.ts'
import { webhookBody } from './webhook-body.ts'

/** For how long an alert's mail can say "this was not me". */
export const NOT_ME_DAYS = 7

const DAY = 24 * 60 * 60_000

/** What a kind's message tells besides where from. Names as they are called, whoever called them so. */
export type AlertFacts = {
  passkey?: string
  passkeys?: readonly string[]
  method?: RecoveryWay
  when?: Date
  left?: number
  tooManyTries?: boolean
  isUnlocked?: boolean
}

export type Alert = {
  kind: AlertKind
  /** Whom it warns. */
  user: { id: string; email: string }
  /** What must not be told twice: 'login.new-device:<hash>'. A second alert to the user with the same key is none. */
  onceKey: string
  /** Where what it warns of came from. */
  origin: Origin
  about?: AlertFacts
  /** A link in the mail that acts on this alone. */
  action?: MailAction
  /** When what it warns of happened, where that is not now. */
  happenedAt?: Date
}

/** An alert that was written. To be handed to `announceAlerts` once the transaction has committed. */
export type RaisedAlert = { id: string; userId: string; kind: AlertKind }

/**
 * Warns a user, in the transaction of what it warns of: a row, and the messages that go out with it. Null when the same
 * was told before.
 */
export async function raiseAlert(
  services: Services,
  tx: SystemTx,
  { kind, user, onceKey, origin, about, action, happenedAt }: Alert,
): Promise<RaisedAlert | null> {
  const createdAt = services.now()
  const id = uuidv7({ msecs: createdAt.getTime() })
  const place = services.places.placeOf(origin.ipAddress)?.words ?? null
  const words: About = { deviceName: origin.deviceName, place, ...inWords(about) }
  const message = ALERT_KINDS[kind].message(words)
  const notMeToken = makeToken()
  const row = await tx.securityAlert.upsert({
    where: { userId_onceKey: { userId: user.id, onceKey } },
    create: {
      id,
      userId: user.id,
      kind,
      message,
      ipAddress: origin.ipAddress,
      deviceName: origin.deviceName,
      onceKey,
      notMeHash: hashToken(notMeToken),
      createdAt,
    },
    // Something must be named, or the database is asked three times.
    update: { onceKey },
  })
  if (row.id !== id) return null
  const at = happenedAt ?? createdAt
  await enqueueMessages(services, tx, { id, kind, user, message, words, notMeToken, createdAt, at, action })
  return { id, userId: user.id, kind }
}

/** Tells those who listen of alerts whose transaction has committed, and sends their messages. */
export function announceAlerts(services: Services, raised: readonly (RaisedAlert | null)[]): void {
  const alerts = raised.filter((alert) => alert !== null)
  for (const { kind } of alerts) services.metrics.alert(kind)
  for (const userId of new Set(alerts.map((alert) => alert.userId))) wakeStreams(services, userId)
  if (alerts.length > 0) services.outbox.wake()
}

// Whoever has got into an account names its passkeys, too: our mail must not carry a stranger's link.
function inWords({ passkey, passkeys, when, ...others }: AlertFacts = {}): Omit<About, 'deviceName' | 'place'> {
  return {
    ...others,
    ...(passkey !== undefined && { passkey: nameInMail(passkey) }),
    ...(passkeys && { passkeys: passkeys.map(nameInMail) }),
    ...(when && { when: inUtc(when) }),
  }
}

const nameInMail = (name: string) => strangersWords(name, 64) || 'without a name'

type Written = Pick<Alert, 'kind' | 'user'> & {
  id: string
  message: string
  words: About
  notMeToken: string
  createdAt: Date
  at: Date
  action: MailAction | undefined
}

async function enqueueMessages(
  { config, outbox }: Services,
  tx: SystemTx,
  { id, kind, user, message, words, notMeToken, createdAt, at, action }: Written,
): Promise<void> {
  const { title, tellsAdmins, undoes }: Kind = ALERT_KINDS[kind]
  // What can still be stopped is worth a late mail, too.
  const options = { expiresAt: new Date(createdAt.getTime() + (action ? 3 : 1) * DAY) }
  const publicHost = config.pagesUrl.host
  const mail = alertMail({
    to: user.email,
    title,
    message,
    at,
    deviceName: words.deviceName,
    place: words.place,
    // The token in the fragment, which no server or log ever sees.
    notMeLink: pageLink(config, 'auth/not-me', notMeToken),
    notMeDays: NOT_ME_DAYS,
    undoes: undoes ?? null,
    action: action ?? null,
    publicHost,
  })
  await outbox.enqueue(tx, mail, options)
  const lines = [`Account: ${user.email}`, `Kind: ${kind}`]
  for (const to of tellsAdmins ? config.adminEmails : [])
    await outbox.enqueue(tx, adminMail({ to, title: `Alert: ${title}`, lines, at: createdAt, publicHost }), options)
  const body = webhookBody({
    kind,
    id: encodeNodeId('SecurityAlert', id),
    userId: encodeNodeId('User', user.id),
    message,
    deviceName: words.deviceName,
    createdAt,
  })
  await outbox.enqueueCall(tx, { body }, options)
}
