import { isIPv4 } from 'node:net'
import { MailRefusedError, type Mailer } from './mailer.ts'

type Settings = {
  /** smtp://user:password@host:port, or smtps:// for TLS from the first byte. */
  url: string
  from: string
}

/** Sends through a mail server. What goes to another machine goes over TLS, or not at all. */
export function openSmtp({ url, from }: Settings): Mailer {
  const server = parseServer(url)
  let opened: ReturnType<typeof open> | undefined
  // One that failed is tried again with the next mail.
  const forget = (error: unknown): never => {
    opened = undefined
    throw error
  }

  // Loaded with the first mail, so that a start need not wait for it.
  async function open() {
    const { createTransport } = await import('nodemailer')
    return createTransport({ ...server, disableFileAccess: true, disableUrlAccess: true })
  }

  return {
    name: 'smtp',
    async send(mail, id) {
      const transport = await (opened ??= open().catch(forget))
      try {
        await transport.sendMail({
          from,
          to: { name: '', address: mail.to }, // an object: a string would be parsed as a list
          subject: mail.subject,
          text: mail.text,
          html: mail.html,
          messageId: `<${id}@${domainOf(from)}>`, // the same at each try, by which a receiver can tell a repetition
          headers: { 'Auto-Submitted': 'auto-generated' }, // RFC 3834: no holiday replies
        })
      } catch (error) {
        throw toRefusal(error) ?? error
      }
    },
    close: async () => (await opened?.catch(() => null))?.close(),
  }
}

/** Throws for a URL that is not of the documented form; the message does not repeat it, since it holds a password. */
function parseServer(text: string) {
  const url = URL.canParse(text) ? new URL(text) : null
  if (!url || !['smtp:', 'smtps:'].includes(url.protocol) || !url.hostname)
    throw new Error('SMTP_URL must be of the form smtp://user:password@host:port or smtps://user:password@host:port.')
  if (url.search || url.hash || !['', '/'].includes(url.pathname))
    throw new Error('SMTP_URL ends after the port: no path and no options may follow.')

  const host = url.hostname.replace(/^\[|\]$/g, '')
  const secure = url.protocol === 'smtps:'
  const auth = { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) }
  return {
    host,
    port: Number(url.port) || (secure ? 465 : 587),
    secure,
    ...(auth.user && { auth }),
    // Nobody sits on the wire of one's own machine, and the servers there have certificates that nobody signed.
    ...(isLoopback(host) ? { tls: { rejectUnauthorized: false } } : { requireTLS: true }),
    // Together below the time that the outbox gives to one try.
    connectionTimeout: 8_000,
    greetingTimeout: 8_000,
    socketTimeout: 10_000,
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}

function domainOf(from: string): string {
  return /@([A-Za-z0-9.-]+)>?\s*$/.exec(from)?.[1] ?? 'localhost'
}

/**
 * A 5xx (RFC 5321, section 4.2.1) in answer to the recipient or the message is final. In answer to the greeting, the
 * login or the sender it tells of settings, which can be mended while the mail waits.
 */
function toRefusal(error: unknown): MailRefusedError | null {
  if (!(error instanceof Error) || !('responseCode' in error) || !('command' in error)) return null
  const { responseCode, command } = error
  const about = command === 'RCPT TO' ? 'recipient' : command === 'DATA' ? 'message' : null
  if (!about || typeof responseCode !== 'number' || responseCode < 500) return null
  return new MailRefusedError(`The mail server refuses the ${about} (${responseCode}).`)
}
