import { Hono } from 'hono'
import type { Mailbox } from '../../platform/mail/mailbox.ts'
import { mailboxPage } from './page.ts'
import { mailboxStyle } from './style.ts'

const PAGE_POLICY =
  "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// A mail is shown as a mail program would: with its own styles, without scripts, and with nothing loaded from anywhere.
// Its links open pages of their own, which are free again.
const MAIL_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; " +
  'sandbox allow-popups allow-popups-to-escape-sandbox'

/**
 * The mailbox of a development server: /dev/mailbox for people, /dev/mailbox.json for their tests. To be mounted in
 * development only: whoever reads these mails can sign in as anybody.
 */
export function mailboxRoutes(mailbox: Mailbox): Hono {
  const routes = new Hono()

  routes.use('/dev/*', async (c, next) => {
    await next()
    c.header('Cache-Control', 'no-store')
    c.header('X-Content-Type-Options', 'nosniff')
    c.header('Referrer-Policy', 'no-referrer')
  })

  routes.get('/dev/mailbox.json', async (c) => c.json(await mailbox.list()))

  routes.get('/dev/mailbox.css', (c) => c.body(mailboxStyle, 200, { 'Content-Type': 'text/css; charset=utf-8' }))

  routes.get('/dev/mailbox', async (c) => {
    const mails = await mailbox.list()
    return c.html(mailboxPage({ mails, shown: mails[0] ?? null, chosen: false }), 200, page())
  })

  routes.get('/dev/mailbox/:file{.+\\.html}', async (c) => {
    const mail = await mailbox.find(c.req.param('file').slice(0, -'.html'.length))
    if (!mail) return c.text('There is no such mail.', 404)
    return c.html(mail.html, 200, { 'Content-Security-Policy': MAIL_POLICY, 'X-Frame-Options': 'SAMEORIGIN' })
  })

  routes.get('/dev/mailbox/:id', async (c) => {
    const mails = await mailbox.list()
    const shown = mails.find((mail) => mail.id === c.req.param('id')) ?? null
    return c.html(mailboxPage({ mails, shown, chosen: true }), shown ? 200 : 404, page())
  })

  return routes
}

function page(): Record<string, string> {
  return { 'Content-Security-Policy': PAGE_POLICY, 'X-Frame-Options': 'DENY' }
}
