import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { watchAlerts } from '../../../docs/examples/alert-stream.ts'
import { readAlert } from '../../../docs/examples/webhook.ts'
import { ALERT_KINDS } from '../../../src/features/alerts/kinds.ts'
import { startTestApp } from '../../support/app.ts'
import { signIn } from '../../support/people.ts'
import { raise } from './support.ts'

const root = new URL('../../../', import.meta.url)
const guide = await readFile(new URL('docs/alerts.md', root), 'utf8')

describe('the guide to alerts', () => {
  test.each(['docs/examples/webhook.ts#webhook', 'docs/examples/alert-stream.ts#stream'])(
    'the code of %s stands in it as it is run',
    async (place) => {
      const text = await readFile(new URL(place.replace(/#.*/, ''), root), 'utf8')
      const [, code] = /\/\/ #region \S+\n(.*?)\n\/\/ #endregion/s.exec(text) ?? []
      expect(guide).toContain(`<!-- ${place} -->\n\n\`\`\`ts\n${code}\n\`\`\``)
    },
  )

  test('it has a row for every kind, and says of which the administrators hear', () => {
    const rows = [...guide.matchAll(/^\| `([\w.-]+)` +\|.*\| *(yes)? *\|$/gm)].map(([, kind, yes]) => [
      kind,
      yes === 'yes',
    ])
    const kinds = Object.entries(ALERT_KINDS).map(([kind, { tellsAdmins }]) => [kind, tellsAdmins])
    expect(rows.sort()).toEqual([...kinds, ['network.repeated-failures', true]].sort())
  })

  test.each(['whsec_dGhpcnR5LXR3byBieXRlcyBvZiBhIHNlY3JldCBrZXk=', 'a-secret-of-more-than-24-characters'])(
    'its code reads a call of the webhook, and refuses one that was changed (%s)',
    async (secret) => {
      const call = await aCall(secret)
      const headers = call.headers as Record<string, string>
      expect(readAlert(call.body, headers, secret)).toMatchObject({
        type: 'login.new-device',
        data: { id: `alert_${call.id}` },
      })
      expect(() => readAlert(call.body.replace('new-device', 'old-device'), headers, secret)).toThrow()
      expect(() => readAlert(call.body, headers, `whsec_${Buffer.alloc(32).toString('base64')}`)).toThrow()
    },
  )

  test('its code hears an alert, and stops when it is called off', async () => {
    const app = await startTestApp()
    const ada = await signIn(app)
    const { fetch: original } = globalThis
    const cookie = [...ada.browser.cookies].map((pair) => pair.join('=')).join('; ')
    let begun = () => {}
    const isBegun = new Promise<void>((resolve) => (begun = resolve))
    // What a browser adds by itself.
    vi.stubGlobal('fetch', async (input: RequestInfo, init: RequestInit = {}) => {
      const headers = new Headers(init.headers)
      for (const [name, value] of Object.entries({
        cookie,
        origin: app.url.origin,
        'user-agent': ada.browser.userAgent,
      }))
        headers.set(name, value)
      const answer = await original(input, { ...init, headers })
      begun()
      return answer
    })
    onTestFinished(async () => {
      vi.unstubAllGlobals()
      await app.close()
    })
    const off = new AbortController()
    let hear = (_: unknown) => {}
    const heard = new Promise((resolve) => (hear = resolve))
    const watching = watchAlerts(new URL('/graphql', app.url).href, hear, off.signal)
    await isBegun
    const id = await raise(app, ada)
    expect(await heard).toMatchObject({ id: `alert_${id}`, kind: 'login.new-device' })
    off.abort()
    await watching
  })
})

/** A call of the webhook, as a receiver gets it, and the row id of its alert. */
async function aCall(secret: string): Promise<{ headers: IncomingHttpHeaders; body: string; id: string }> {
  let got = (_: { headers: IncomingHttpHeaders; body: string }) => {}
  const call = new Promise<{ headers: IncomingHttpHeaders; body: string }>((resolve) => (got = resolve))
  const receiver = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')))
    request.on('end', () => {
      response.end()
      got({ headers: request.headers, body })
    })
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  const address = receiver.address()
  const port = typeof address === 'object' ? address?.port : 0
  const env = { ALERT_WEBHOOK_URL: `http://127.0.0.1:${port}/`, ALERT_WEBHOOK_SECRET: secret }
  const app = await startTestApp({ env })
  onTestFinished(async () => {
    await app.close()
    receiver.close()
  })
  const id = await raise(app, await signIn(app))
  return { ...(await call), id }
}
