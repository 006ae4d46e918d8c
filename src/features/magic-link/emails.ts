import { html } from 'hono/html'
import { isIP } from 'node:net'
import { button, codeBox, mailHtml, paragraph, strangersWords } from '../../platform/mail/layout.ts'
import type { Mail } from '../../platform/mail/mailer.ts'

type MagicLinkMail = {
  to: string
  /** Holds the token behind its #. It stands in the mail once in the text and once in the HTML, and nowhere else. */
  link: string
  /** Six digits. Not in the subject: that is shown on locked screens. */
  code: string
  expiresInMinutes: number
  /** The request for this mail: a stranger's words, who may be anyone. */
  asked: { at: Date; deviceName: string; ipAddress: string | null }
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
  const once = `The link and the code work once, for ${minutes(expiresInMinutes)}. The link works in any browser, the code only in the one that asked.`
  const remembered = rememberDevice ? 'You will stay signed in on that device, as was asked.' : ''
  const who = `${inUtc(asked.at)}, from ${strangersWords(asked.deviceName) || 'an unknown device'}${place(asked.ipAddress)}`
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
    html: mailHtml({ title, preview: `Your link works for ${minutes(expiresInMinutes)}.`, content, footer }),
  }
}

function minutes(count: number): string {
  const whole = Math.max(1, Math.floor(count))
  return whole === 1 ? '1 minute' : `${whole} minutes`
}

function inUtc(date: Date): string {
  const day = date.toLocaleDateString('en-GB', { timeZone: 'UTC', day: 'numeric', month: 'long', year: 'numeric' })
  const time = date.toLocaleTimeString('en-GB', { timeZone: 'UTC', hour: '2-digit', minute: '2-digit' })
  return `${day} at ${time} UTC`
}

function place(ipAddress: string | null): string {
  return ipAddress !== null && isIP(ipAddress) ? ` at ${ipAddress}` : ''
}
