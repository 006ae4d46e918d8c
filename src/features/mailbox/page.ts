import { html } from 'hono/html'
import type { Html } from '../../platform/mail/layout.ts'
import type { ReceivedMail } from '../../platform/mail/mailbox.ts'

type Mailbox = {
  /** Newest first. */
  mails: readonly ReceivedMail[]
  /** The mail that is open, if there is one. */
  shown: ReceivedMail | null
  /** Somebody opened it; else it is merely the newest. Small screens show either the list or the chosen mail. */
  chosen: boolean
}

/** The mailbox as a page: the list, and one open mail. It works without scripts. */
export function mailboxPage({ mails, shown, chosen }: Mailbox): string {
  const isEmpty = mails.length === 0
  return String(
    html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          ${isEmpty && html`<meta http-equiv="refresh" content="3; url=/dev/mailbox" />`}
          <title>${shown && chosen ? `${shown.subject} · ` : ''}Mailbox · Latchkey</title>
          <link rel="stylesheet" href="/dev/mailbox.css" />
        </head>
        <body class="${chosen ? 'chosen' : ''}">
          <header class="bar">
            <h1><a href="/dev/mailbox">Mailbox</a></h1>
            <p>Development only. Mails come here instead of going out. <a href="/dev/mailbox.json">JSON</a></p>
          </header>
          ${isEmpty ? nothingYet() : html`<div class="panes">${list(mails, shown)}${shown ? open(shown) : gone()}</div>`}
        </body>
      </html> `,
  )
}

function nothingYet(): Html {
  return html`<main class="empty">
    <h2>No mail yet</h2>
    <p>
      Ask for a sign-in link, with any address: the mail with the link and the code appears here. The page looks again
      by itself.
    </p>
    <p><a class="action" href="/sign-in">Go to the sign-in page</a></p>
  </main>`
}

function gone(): Html {
  return html`<main class="mail">
    <h2>This mail is gone</h2>
    <p class="quiet">The mailbox keeps the last 200. <a href="/dev/mailbox">See the newest</a></p>
  </main>`
}

function list(mails: readonly ReceivedMail[], shown: ReceivedMail | null): Html {
  return html`<nav class="list" aria-label="Mails">
    <a class="again" href="/dev/mailbox">Look for new mail</a>
    <ol>
      ${mails.map(
        (mail) =>
          html`<li>
            <a href="/dev/mailbox/${mail.id}" ${mail.id === shown?.id && html`aria-current="page"`}>
              <span class="subject">${mail.subject}</span>
              <span class="to">${mail.to}</span>
              ${time(mail)}
            </a>
          </li>`,
      )}
    </ol>
  </nav>`
}

function open(mail: ReceivedMail): Html {
  return html`<main class="mail">
    <a class="back" href="/dev/mailbox">All mails</a>
    <h2>${mail.subject}</h2>
    <p class="quiet">To <strong>${mail.to}</strong>, ${time(mail)}</p>
    <div class="forms">
      <section>
        <h3>HTML <a href="/dev/mailbox/${mail.id}.html" target="_blank" rel="noopener">Open alone</a></h3>
        <iframe
          src="/dev/mailbox/${mail.id}.html"
          title="The mail in HTML"
          sandbox="allow-popups allow-popups-to-escape-sandbox"
        ></iframe>
      </section>
      <section>
        <h3>Text</h3>
        <pre>${withLinks(mail.text)}</pre>
      </section>
    </div>
  </main>`
}

function time({ sentAt }: ReceivedMail): Html {
  return html`<time datetime="${sentAt}">${sentAt.slice(0, 10)} ${sentAt.slice(11, 19)} UTC</time>`
}

/** Text, with the addresses in it as links, as a mail program shows it. */
function withLinks(text: string): (Html | string)[] {
  const parts = text.split(/(https?:\/\/[^\s<>"']+)/)
  return parts.map((part, index) =>
    index % 2 === 1 ? html`<a href="${part}" target="_blank" rel="noopener">${part}</a>` : part,
  )
}
