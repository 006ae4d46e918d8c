import { describe, test } from 'vitest'
import pg from 'pg'
import { startTestApp } from '../support/app.ts'
import { DISOWN, notMeTokenIn, raise } from '../features/alerts/support.ts'
import { signIn, REQUEST, VERIFY } from '../support/people.ts'
import { tokenIn } from '../support/mailbox.ts'
import { rowId, withPasskey, passkeyLogin } from '../support/passkeys.ts'

describe('probe3', () => {
  test('H sign-in in flight survives disown (postgres)', async () => {
    const app = await startTestApp()
    const url = app.env['DATABASE_URL']!
    if (!url.startsWith('postgres')) { console.log('H skip', url); await app.close(); return }
    const p = await signIn(app)
    await raise(app, p)
    await app.services.outbox.sendDue()
    const mail = app.mailbox.mails.findLast(({ to, text }) => to === p.email && text.includes('not-me'))!
    const thief = app.browser()
    await thief.graphql(REQUEST, { email: p.email })
    await app.services.outbox.sendDue()
    const link = tokenIn(app.mailbox.mails.findLast(({ to, text }) => to === p.email && text.includes('/auth/verify#'))!)
    const c = new pg.Client(url); await c.connect()
    await c.query('BEGIN'); await c.query('SELECT * FROM known_places WHERE user_id = $1 FOR UPDATE', [rowId(p.userId)])
    const signing = thief.graphql(VERIFY, { token: link })
    await new Promise((r) => setTimeout(r, 700))
    const disowning = app.browser().graphql(DISOWN, { token: notMeTokenIn(mail) })
    await new Promise((r) => setTimeout(r, 700))
    await c.query('COMMIT'); await c.end()
    const [s, d] = await Promise.all([signing, disowning])
    console.log('H signing', JSON.stringify(s.data), s.code, 'disown', JSON.stringify(d.data), d.code)
    console.log('H thief me', JSON.stringify((await thief.graphql('{ me { email } }')).data))
    await app.close()
  })
  test('I deadlock removeDevice / passkey sign-in', async () => {
    const app = await startTestApp({ env: { RATE_LIMIT_SCALE: '100' } })
    const codes: Record<string, number> = {}
    for (let i = 0; i < 12; i++) {
      const p = await withPasskey(app)
      const b = [app.browser(), app.browser(), app.browser()]
      const r = await Promise.all([
        ...b.map((x) => passkeyLogin(x, p.authenticator)),
        p.browser.graphql('mutation($id:ID!){removeDevice(id:$id){id}}', { id: p.passkey.id }),
      ])
      for (const x of r) codes[x.code ?? 'ok'] = (codes[x.code ?? 'ok'] ?? 0) + 1
    }
    console.log('I', codes)
    await app.close()
  })
}, 60_000)
