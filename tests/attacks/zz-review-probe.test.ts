import { describe, expect } from 'vitest'
import { DISOWN, notMeTokenIn, raise } from '../features/alerts/support.ts'
import { test } from '../support/app.ts'
import { makeAuthenticator } from '../support/authenticator.ts'
import { signIn, REQUEST } from '../support/people.ts'
import { begin, BEGIN_REGISTRATION, BEGIN_LOGIN, passkeyLogin, register, siteOf, withPasskey } from '../support/passkeys.ts'
import type { Creation, Request } from '../support/passkeys.ts'

describe('probe', () => {
  test('A copy of own cookie survives disown', async ({ app }) => {
    const p = await signIn(app)
    const thief = app.browser()
    for (const [k, v] of p.browser.cookies) thief.cookies.set(k, v)
    await raise(app, p, { kind: 'records.unusual-access' })
    await app.services.outbox.sendDue()
    const mail = app.mailbox.mails.findLast(({ to, text }) => to === p.email && text.includes('not-me'))
    const r = await p.browser.graphql(DISOWN, { token: notMeTokenIn(mail!) })
    const t = await thief.graphql('{ me { email } records(first: 1) { edges { node { id } } } }')
    console.log('A', r.data, JSON.stringify(t.data), t.errors)
  })

  test('B logout then register in one request', async ({ app }) => {
    const p = await signIn(app)
    const auth = makeAuthenticator(siteOf(app))
    const { challengeId, options } = await begin<Creation>(p.browser, BEGIN_REGISTRATION)
    const response = auth.create(options)
    const r = await p.browser.graphql(
      `mutation ($c: ID!, $r: JSON!) { logout completePasskeyRegistration(input: {challengeId: $c, response: $r}) { id } }`,
      { c: challengeId, r: response },
    )
    console.log('B', JSON.stringify(r.data), JSON.stringify(r.errors))
    console.log('B sessions', await app.services.database.systemDb.session.count(), 'passkeys', await app.services.database.systemDb.passkey.count())
    console.log('B login', (await passkeyLogin(app.browser(), auth)).code)
  })

  test('B2 logout then removeDevice in one request', async ({ app }) => {
    const p = await withPasskey(app)
    const r = await p.browser.graphql(`mutation ($id: ID!) { logout removeDevice(id: $id) { id } }`, { id: p.passkey.id })
    console.log('B2', JSON.stringify(r.data), JSON.stringify(r.errors))
  })

  test('C device cookie after disown', async ({ app }) => {
    const p = await withPasskey(app)
    const thief = await signIn(app, p.email)
    await app.services.outbox.sendDue()
    const mail = app.mailbox.mails.findLast(({ to, text }) => to === p.email && text.includes('not-me'))
    await p.browser.graphql(DISOWN, { token: notMeTokenIn(mail!) })
    const opts = await begin<Request>(thief.browser, BEGIN_LOGIN, { email: p.email })
    console.log('C thief told passkeys', JSON.stringify(opts.options.allowCredentials))
    const so = await thief.browser.graphql('query($e:String!){ signInOptions(email:$e){methods} }', { e: p.email })
    console.log('C', JSON.stringify(so.data))
    // uses up the address from a stranger, thief still mails
    const stranger = app.browser()
    for (let i = 0; i < 4; i++) console.log('C stranger', (await stranger.graphql(REQUEST, { email: p.email })).code)
    for (let i = 0; i < 4; i++) console.log('C thief', (await thief.browser.graphql(REQUEST, { email: p.email })).code)
  })

  test('D register/remove loop floods mails', async ({ app }) => {
    const p = await signIn(app)
    let n = 0
    const auth = makeAuthenticator(siteOf(app))
    const first = await register(p.browser, auth)
    for (let i = 0; i < 40; i++) {
      const a = makeAuthenticator(siteOf(app))
      const r = await register(p.browser, a)
      if (!r.data) { console.log('D stop', i, r.code); break }
      const id = r.data.completePasskeyRegistration.id
      const d = await p.browser.graphql('mutation($id:ID!){removeDevice(id:$id){id}}', { id })
      if (d.code) { console.log('D stop2', i, d.code); break }
      n++
    }
    console.log('D rounds', n, 'outbox+sent alerts', await app.services.database.systemDb.securityAlert.count())
  })

  test('F deep JSON', async ({ app }) => {
    const b = app.browser()
    const { challengeId } = await begin<Request>(b, BEGIN_LOGIN, {})
    const depth = 60000
    const body = `{"query":"mutation($c:ID!,$r:JSON!){completePasskeyLogin(input:{challengeId:$c,response:$r}){__typename}}","variables":{"c":"${challengeId}","r":${'['.repeat(depth)}${']'.repeat(depth)}}}`
    const r = await b.fetch('/graphql', { method: 'POST', headers: { 'content-type': 'application/json', origin: siteOf(app) }, body })
    console.log('F', r.status, (await r.text()).slice(0, 300))
  })
})
