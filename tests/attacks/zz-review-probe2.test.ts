import { describe, test } from 'vitest'
import { startTestApp } from '../support/app.ts'
import { VERIFY } from '../support/people.ts'
import { openOutbox } from '../../src/platform/outbox/outbox.ts'
import { mailChannel } from '../../src/platform/mail/mail-channel.ts'
import { silentLog } from '../../src/platform/log.ts'

describe('probe2', () => {
  test('E admin flood by /64s of one /48', async () => {
    const app = await startTestApp({ env: { TRUSTED_PROXIES: '127.0.0.1,::1', ADMIN_EMAILS: 'admin@example.com' } })
    const t0 = Date.now()
    for (let net = 0; net < 30; net++)
      for (let i = 0; i < 20; i++)
        await app.browser().graphql(VERIFY, { token: 'A'.repeat(43) }, { headers: { 'x-forwarded-for': `2001:db8:1:${net.toString(16)}::1` } })
    await app.services.background.settled()
    await app.services.outbox.sendDue()
    const m = app.mailbox.mails.filter(({ to }) => to === 'admin@example.com')
    console.log('E mails to admin', m.length, 'in ms', Date.now() - t0, m[0]?.text.split('\n').filter((l) => l.startsWith('Network')), new Set(m.map((x) => x.text)).size)
    await app.close()
  })
  test('G webhook hanging starves mail; and no-webhook process drops calls', async () => {
    const app = await startTestApp()
    const { database, keys } = app.services
    await new Promise((r) => setTimeout(r, 50))
    let release: () => void = () => {}
    const hang = new Promise<void>((r) => (release = r))
    let calls = 0
    const sent: string[] = []
    const webhook = { name: 'webhook' as const, purpose: 'seal-webhooks' as const, provider: 'webhook', send: async () => { calls++; await hang }, isRefusal: () => false, about: () => ({}), reason: () => 'x' }
    const log = { ...silentLog }
    const box = openOutbox({ database, mail: mailChannel({ name: 'm', send: async (mail) => void sent.push(mail.to), close: async () => {} }), webhook, keys, log, now: () => new Date(Date.now() + 0) })
    // the app's own outbox must not take them: stop it
    await app.services.outbox.stop()
    const expiresAt = new Date(Date.now() + 86_400_000)
    await database.systemDb.$transaction(async (tx) => { for (let i = 0; i < 20; i++) await box.enqueueCall(tx, { body: '{}' }, { expiresAt }) })
    await database.systemDb.$transaction((tx) => box.enqueue(tx, { to: 'a@example.com', subject: 's', text: 't', html: 'h' } as never, { expiresAt }))
    void box.sendDue()
    await new Promise((r) => setTimeout(r, 2_000))
    console.log('G calls under way', calls, 'mails sent', sent.length)
    release()
    await box.stop()
    // second: process without webhook
    await database.systemDb.outboxMessage.deleteMany({})
    await database.systemDb.$transaction((tx) => box.enqueueCall(tx, { body: '{}' }, { expiresAt }))
    const other = openOutbox({ database, mail: mailChannel({ name: 'm', send: async () => {}, close: async () => {} }), webhook: null, keys, log, now: () => new Date() })
    await other.sendDue()
    console.log('G2 calls left after a process without the webhook looked', await database.systemDb.outboxMessage.count())
    await app.close()
  })
}, 60_000)
