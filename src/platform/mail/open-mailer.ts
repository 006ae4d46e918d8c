import type { Config } from '../../config.ts'
import { openMailbox } from './mailbox.ts'
import type { Mailer } from './mailer.ts'
import { oneRecipientEach } from './one-recipient.ts'
import { openPostmark } from './postmark.ts'
import { openSmtp } from './smtp.ts'

type Provider = Config['mail']['provider']
type Surroundings = { from: string; now: () => Date }

/** The mail providers. A new one is a file beside this one, a line here, and its settings in the configuration. */
const PROVIDERS: {
  [Kind in Provider['kind']]: (settings: Extract<Provider, { kind: Kind }>, surroundings: Surroundings) => Mailer
} = {
  postmark: ({ token }, { from }) => openPostmark({ token, from }),
  smtp: ({ url }, { from }) => openSmtp({ url, from }),
  mailbox: ({ folder }, { now }) => openMailbox({ folder, now }),
}

/** Opens the provider that the configuration names. It connects with the first mail, not before. */
export function openMailer({ from, provider }: Config['mail'], now: () => Date = () => new Date()): Mailer {
  // The table pairs each kind with its own settings, which the types cannot follow through a lookup.
  const open = PROVIDERS[provider.kind] as (settings: Provider, surroundings: Surroundings) => Mailer
  return oneRecipientEach(open(provider, { from, now }))
}
