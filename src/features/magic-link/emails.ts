import { html } from 'hono/html'
import { button, codeBox, mailHtml, paragraph } from '../../platform/mail/layout.ts'
import type { Mail } from '../../platform/mail/mailer.ts'
import { inMinutes, whenAndWhere } from '../../platform/mail/words.ts'
import type { Asked } from '../../platform/mail/words.ts'

type MagicLinkMail = {
  to: string
  /** Holds the token behind its #. It stands in the mail once in the text and once in the HTML, and nowhere else. */
  link: string
  /** Six digits. Not in the subject: that is shown on locked screens. */
  code: string
  expiresInMinutes: number
  /** The request for this mail. */
  asked: Asked
  rememberDevice: boolean
  /** Where the link leads, as people know it: 'notes.example'. */
  publicHost: string
}

/** The mail with the link and the code, in text and in HTML. It says who asked for it, and what to do if nobody did. */
export function magicLinkMail({
  to,
  link,
  code,
  expiresInMinutes,
  asked,
  rememberDevice,
  publicHost,
}: MagicLinkMail): Mail {
  const title = `Sign in to ${publicHost}`
  const grouped = `${code.slice(0, 3)} ${code.slice(3)}`
  const once = `The link and the code work once, for ${inMinutes(expiresInMinutes)}. The link works in any browser, the code only in the one that asked.`
  const remembered = rememberDevice ? 'You will stay signed in on that device, as was asked.' : ''
  const who = whenAndWhere(asked)
  const notYou =
    'Was it not you? Then you need not do anything: nobody gets in without this mail. Do not forward it, and tell nobody the code.'

  const text = [
    title,
    `Open this link:\n${link}`,
    `Or type this code where you asked for it:\n${grouped}`,
    [once, remembered].filter(Boolean).join(' '),
    `Asked for on ${who}.`,
    notYou,
    `Sent to ${to} by ${publicHost}`,
  ].join('\n\n')

  const parts = [
    button('Sign in', link),
    paragraph('Or type this code where you asked for it:'),
    codeBox(grouped),
    paragraph([once, remembered].filter(Boolean).join(' ')),
    paragraph(`Asked for on ${who}.`, { quiet: true }),
    paragraph(notYou, { quiet: true }),
  ]
  const content = html`${parts}`
  const footer = html`Sent to ${to} by ${publicHost}`
  return {
    to,
    subject: title,
    text: `${text}\n`,
    html: mailHtml({ title, preview: `Your link works for ${inMinutes(expiresInMinutes)}.`, content, footer }),
  }
}
