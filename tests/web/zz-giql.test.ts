import { test } from 'vitest'
import { buildSchema, graphql } from 'graphql'
import { launchBrowser } from '../support/browser.ts'
import { startFakeServer } from './fake-server.ts'
test('giql', async () => {
  const fake = await startFakeServer({ mode: 'development' })
  const browser = await launchBrowser()
  const schema = buildSchema('type Query { me: User session: Session } type User { "the id" id: ID! email: String } type Session { deviceName: String level: String expiresAt: String }')
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
  page.on('console', (m) => console.log('CONSOLE', m.text()))
  page.on('pageerror', (m) => console.log('PAGEERROR', String(m)))
  page.on('request', (r) => console.log('REQ', r.url().slice(0, 120)))
  await page.route('**/graphql', async (route) => {
    if (route.request().method() !== 'POST') {
      const r = await route.fetch()
      const headers = r.headers()
      headers['content-security-policy'] = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src 'self'"
      return route.fulfill({ response: r, headers })
    }
    const body = route.request().postDataJSON()
    console.log('BODY', route.request().headers()['content-type'], JSON.stringify(body).slice(0, 80))
    const res = await graphql({ schema, source: body.query, operationName: body.operationName, variableValues: body.variables })
    await route.fulfill({ contentType: 'application/json', body: JSON.stringify(res) })
  })
  await page.goto(fake.url + '/graphql')
  await page.waitForTimeout(5000)
  await page.click('.graphiql-execute-button').catch((e) => console.log(e.message))
  await page.waitForTimeout(1500)
  await page.screenshot({ path: '/tmp/shots/giql.png' })
  await page.keyboard.press('Escape')
  console.log('URL', page.url())
  await browser.close(); await fake.close()
}, 120_000)
