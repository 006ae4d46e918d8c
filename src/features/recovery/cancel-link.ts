import { hashToken } from '../../platform/crypto/tokens.ts'
import type { Keyring } from '../../platform/crypto/keyring.ts'
import { pageLink } from '../../platform/mail/page-link.ts'
import type { Services } from '../../services.ts'
import type { MailAction } from '../alerts/emails.ts'

/** What can be stopped by a link: a request of recovery by its id, a fresh start by `fresh-start:<user>:<instant>`. */
export type Stoppable = { id: string; cancelKeyId: string }

/**
 * The token of the link that stops something, 43 characters: an HMAC under a server key, so that each mail of one wait
 * carries the same link, and a database that leaked holds none.
 */
function cancelToken(keys: Keyring, { id, cancelKeyId }: Stoppable): string {
  return keys.mac('recovery-links', id, cancelKeyId)
}

/** What a row keeps of the link that stops it: which server key makes its token, and the token's SHA-256. */
export function cancelColumns(keys: Keyring, id: string): { cancelKeyId: string; cancelHash: string } {
  const cancelKeyId = keys.currentId
  return { cancelKeyId, cancelHash: hashToken(cancelToken(keys, { id, cancelKeyId })) }
}

/**
 * The link that stops it, with its words, for a mail. The token stands in the fragment, which no server or log ever
 * sees. None where MASTER_KEYS has lost the key that made it: the warning goes out all the same.
 */
export function linkThatStops({ config, keys }: Services, stoppable: Stoppable): { action?: MailAction } {
  if (!keys.ids.includes(stoppable.cancelKeyId)) return {}
  return {
    action: {
      words:
        'To stop only this, open this page and press its button. It asks for no sign-in, and works until this is over.',
      label: 'Stop it',
      href: pageLink(config, 'auth/cancel-recovery', cancelToken(keys, stoppable)),
    },
  }
}
