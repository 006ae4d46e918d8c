import { html } from 'hono/html'
import { button, mailHtml, paragraph, strangersWords } from '../../platform/mail/layout.ts'
import type { Mail } from '../../platform/mail/mailer.ts'
import { inUtc } from '../../platform/mail/words.ts'

type AlertMail = {
  to: string
  title: string
  message: string
  at: Date
  deviceName: string
  /** Coarse: 'Berlin, Germany'. Never the address. */
  place: string | null
  /** Holds the token behind its #. It stands in the mail once in the text and once in the HTML, and nowhere else. */
  notMeLink: string
  notMeDays: number
  /** What the link's button does besides ending the sessions: 'removes this passkey'. */
  undoes: string | null
  /** What can be done about it alone, by a link of its own. */
  action: MailAction | null
  /** Where the account is, as people know it: 'notes.example'. */
  publicHost: string
}

/** A link that acts, above the one that says "this was not me". Its token stands behind the #, and nowhere else. */
export type MailAction = { words: string; label: string; href: string }

/** The mail that warns a user: what happened, when and from where, and what to do about it. */
export function alertMail(alert: AlertMail): Mail {
  const { to, title, message, at, deviceName, place, notMeLink, notMeDays, undoes, action, publicHost } = alert
  const facts = `${inUtc(at)}, from ${strangersWords(deviceName) || 'an unknown device'}${place ? `, in ${place}` : ''}.`
  const you = 'Was it you? Then you need not do anything.'
  const notYou = `Was it not you? Open this page and press its button, within ${notMeDays} days: it ${undoes ? `${undoes}, ` : ''}ends every session of the account, and asks for a new sign-in everywhere.`
  const after = 'Afterwards sign in again, and look at the passkeys and sessions of the account.'
  const footer = `Sent to ${to} by ${publicHost}`

  const act = action ? [`${action.words}\n${action.href}`] : []
  const text = [title, message, facts, you, ...act, `${notYou}\n${notMeLink}`, after, footer].join('\n\n')
  const parts = [
    paragraph(message),
    paragraph(facts, { quiet: true }),
    paragraph(you),
    ...(action ? [paragraph(action.words), button(action.label, action.href)] : []),
    paragraph(notYou),
    button('This was not me', notMeLink),
    paragraph(after, { quiet: true }),
  ]
  return {
    to,
    subject: `${title} (${publicHost})`,
    text: `${text}\n`,
    html: mailHtml({ title, preview: message, content: html`${parts}`, footer: html`${footer}` }),
  }
}

type AdminMail = { to: string; title: string; lines: readonly string[]; at: Date; publicHost: string }

/** The word to an administrator: whose account, what kind, when. It holds no link and nothing that would act. */
export function adminMail({ to, title, lines, at, publicHost }: AdminMail): Mail {
  const all = [...lines, `${inUtc(at)}. The security log holds more.`]
  const footer = `Sent to ${to} by ${publicHost}, as one of its administrators`
  return {
    to,
    subject: `${title} (${publicHost})`,
    text: `${[title, ...all, footer].join('\n\n')}\n`,
    html: mailHtml({
      title,
      preview: lines[0] ?? title,
      content: html`${all.map((line) => paragraph(line))}`,
      footer: html`${footer}`,
    }),
  }
}
