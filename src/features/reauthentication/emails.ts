import { html } from 'hono/html'
import { codeBox, mailHtml, paragraph } from '../../platform/mail/layout.ts'
import type { Mail } from '../../platform/mail/mailer.ts'
import { inMinutes, whenAndWhere } from '../../platform/mail/words.ts'
import type { Asked } from '../../platform/mail/words.ts'

type CodeMail = {
  to: string
  /** Six digits. Not in the subject: that is shown on locked screens. */
  code: string
  expiresInMinutes: number
  /** The session that asked. */
  asked: Asked
  /** The site, as people know it: 'notes.example'. */
  publicHost: string
}

/**
 * The mail with a code for somebody who is signed in, in text and in HTML. It holds no link: there is nothing to open,
 * and whoever did not ask must look for the session that did.
 */
export function reauthenticationMail({ to, code, expiresInMinutes, asked, publicHost }: CodeMail): Mail {
  const title = `Confirm that it is you at ${publicHost}`
  const grouped = `${code.slice(0, 3)} ${code.slice(3)}`
  const why = 'A browser that is signed in to your account is about to do something that needs a fresh proof.'
  const once = `The code works once, for ${inMinutes(expiresInMinutes)}, and only in the browser that asked. It signs nobody in.`
  const who = `Asked for on ${whenAndWhere(asked)}.`
  const notYou =
    'Was it not you? Then somebody else is signed in to your account. Tell nobody the code, sign in yourself, and end the sessions that you do not know.'
  const footer = `Sent to ${to} by ${publicHost}`

  const text = [title, why, `Type this code there:\n${grouped}`, once, who, notYou, footer].join('\n\n')
  const parts = [
    paragraph(`${why} Type this code there:`),
    codeBox(grouped),
    paragraph(once),
    paragraph(who, { quiet: true }),
    paragraph(notYou, { quiet: true }),
  ]
  const preview = `The code works for ${inMinutes(expiresInMinutes)}.`
  return {
    to,
    subject: title,
    text: `${text}\n`,
    html: mailHtml({ title, preview, content: html`${parts}`, footer: html`${footer}` }),
  }
}
