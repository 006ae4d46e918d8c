import { v7 as uuidv7 } from 'uuid'
import type { Context } from '../../context.ts'
import { hashToken, makeCode, makeToken } from '../../platform/crypto/tokens.ts'
import { pageLink } from '../../platform/mail/page-link.ts'
import { canonicalEmail } from '../sign-in/canonical-email.ts'
import { mayMakeAccount } from '../sign-in/complete-sign-in.ts'
import { allowedRedirect } from '../sign-in/redirect.ts'
import { codeMac } from '../sign-in/six-digits.ts'
import { addChallenge } from './challenge-cookie.ts'
import { magicLinkMail } from './emails.ts'

type Input = { email: string; rememberDevice: boolean; redirectTo: string | null }
export type RequestedLink = { message: string; expiresAt: Date }

/**
 * Sends a link and a code to an address. What is done, how long it takes and what is answered are the same for an
 * address with an account and for one without, also when sign-up is closed: the mail is then written and not sent.
 */
export async function requestMagicLink(context: Context, input: Input): Promise<RequestedLink> {
  const { services, origin } = context
  const { config, database, keys } = services
  const email = canonicalEmail(input.email)
  const redirectTo = input.redirectTo === null ? null : allowedRedirect(input.redirectTo, config)

  const now = services.now()
  const expiresAt = new Date(now.getTime() + config.lifetimes.linkMs)
  const [id, token, code, challenge] = [uuidv7({ msecs: now.getTime() }), makeToken(), makeCode(), makeToken()]
  const mail = magicLinkMail({
    to: email,
    // The configured address, never the request's; the token in the fragment, which no server or log ever sees.
    link: pageLink(config, 'auth/verify', token),
    code,
    expiresInMinutes: config.lifetimes.linkMs / 60_000,
    asked: { at: now, deviceName: origin.deviceName, ipAddress: origin.ipAddress },
    rememberDevice: input.rememberDevice,
    publicHost: config.pagesUrl.host,
  })

  await database.systemDb.$transaction(async (tx) => {
    const account = await tx.user.findUnique({ where: { email }, select: { id: true } })
    const suppressed = !account && !mayMakeAccount(config, email)
    await tx.magicLink.create({
      data: {
        id,
        tokenHash: hashToken(token),
        codeHash: codeMac(keys, { purpose: 'sign-in', id }, code),
        challengeHash: hashToken(challenge),
        email,
        rememberDevice: input.rememberDevice,
        redirectTo,
        ...origin,
        createdAt: now,
        expiresAt,
      },
    })
    await services.outbox.enqueue(tx, mail, { expiresAt, suppressed })
    const event = {
      action: 'login.link-requested',
      userId: account?.id ?? null,
      tableName: 'magic_links',
      recordId: id,
    }
    await tx.auditEntry.create({ data: services.audit.row(event, origin) })
  })

  services.outbox.wake()
  addChallenge(context, challenge)
  return { message: 'If this address can sign in here, a mail with a link and a code is on its way to it.', expiresAt }
}
