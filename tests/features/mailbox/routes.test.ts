import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { v7 as uuidv7 } from 'uuid'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { magicLinkMail } from '../../../src/features/magic-link/emails.ts'
import { mailboxRoutes } from '../../../src/features/mailbox/routes.ts'
import { openMailbox, type Mailbox } from '../../../src/platform/mail/mailbox.ts'

let folder: string
let mailbox: Mailbox

beforeEach(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'latchkey-mailbox-'))
  mailbox = openMailbox({ folder, now: () => new Date('2026-03-12T14:05:09Z') })
})
afterEach(() => fs.rm(folder, { recursive: true, force: true }))

const link = 'http://localhost:4000/auth/verify#AbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-AbCdE'

function signInMail(to: string) {
  const asked = { at: new Date('2026-03-12T14:05:00Z'), deviceName: 'Chrome on macOS', ipAddress: '127.0.0.1' }
  return magicLinkMail({
    to,
    link,
    code: '042137',
    expiresInMinutes: 10,
    asked,
    rememberDevice: false,
    publicHost: 'localhost:4000',
  })
}

async function get(address: string) {
  const response = await mailboxRoutes(mailbox).request(address)
  return {
    response,
    status: response.status,
    policy: response.headers.get('content-security-policy') ?? '',
    text: await response.text(),
  }
}

let made = Date.UTC(2026, 2, 12)
async function receive(to: string) {
  const id = uuidv7({ msecs: made++ })
  await mailbox.send(signInMail(to), id)
  return id
}

test('the empty mailbox says what will appear, and looks again by itself', async () => {
  const { status, text } = await get('/dev/mailbox')
  expect(status).toBe(200)
  expect(text).toContain('No mail yet')
  expect(text).toContain('http-equiv="refresh"')
})

test('the page lists the mails newest first, shows the newest, and lies still', async () => {
  await receive('ada@example.com')
  const newest = await receive('bob@example.com')
  const { text } = await get('/dev/mailbox')
  expect(text.indexOf('bob@example.com')).toBeLessThan(text.indexOf('ada@example.com'))
  expect(text).toContain(`src="/dev/mailbox/${newest}.html"`)
  expect(text).toContain('042 137')
  expect(text).not.toContain('http-equiv="refresh"')
})

test('a mail that was chosen is shown; one that is gone is said to be gone', async () => {
  const older = await receive('ada@example.com')
  await receive('bob@example.com')
  expect((await get(`/dev/mailbox/${older}`)).text).toContain(`src="/dev/mailbox/${older}.html"`)
  const gone = await get(`/dev/mailbox/${uuidv7()}`)
  expect(gone.status).toBe(404)
  expect(gone.text).toContain('This mail is gone')
})

test('/dev/mailbox.json gives people’s own tests all there is, newest first', async () => {
  expect(JSON.parse((await get('/dev/mailbox.json')).text)).toEqual([])
  await receive('ada@example.com')
  const id = await receive('bob@example.com')
  const { response, text } = await get('/dev/mailbox.json')
  expect(response.headers.get('content-type')).toMatch('application/json')
  const mails = JSON.parse(text) as { to: string }[]
  expect(mails.map(({ to }) => to)).toEqual(['bob@example.com', 'ada@example.com'])
  expect(mails[0]).toEqual({ ...signInMail('bob@example.com'), id, sentAt: '2026-03-12T14:05:09.000Z' })
})

test('a mail in HTML comes with a policy of its own: its styles, no scripts, nothing from elsewhere, links in pages of their own', async () => {
  const id = await receive('ada@example.com')
  const { text, policy, response } = await get(`/dev/mailbox/${id}.html`)
  expect(text).toBe(signInMail('ada@example.com').html)
  expect(response.headers.get('x-frame-options')).toBe('SAMEORIGIN')
  expect(policy).toContain("default-src 'none'; style-src 'unsafe-inline';")
  expect(policy).toContain("frame-ancestors 'self'")
  expect(policy).toMatch(/sandbox allow-popups allow-popups-to-escape-sandbox$/)
  expect((await get(`/dev/mailbox/${uuidv7()}.html`)).status).toBe(404)
})

test('the page itself has neither scripts nor inline styles, and its policy allows none', async () => {
  await receive('ada@example.com')
  const { text, policy } = await get('/dev/mailbox')
  expect(text).not.toMatch(/<script|<style|\sstyle=|\son\w+=/i)
  expect(policy).toContain("default-src 'none'; style-src 'self';")
  expect(policy).not.toContain('unsafe')
  expect((await get('/dev/mailbox.css')).response.headers.get('content-type')).toBe('text/css; charset=utf-8')
})

test('M7: a mail cannot write into the page', async () => {
  const attack = '"><script>alert(1)</script>'
  await mailbox.send(
    { to: attack, subject: attack, text: `${attack} http://x.example/"><script>`, html: attack },
    uuidv7(),
  )
  const { text } = await get('/dev/mailbox')
  expect(text).not.toContain('<script')
  expect(text).toContain('&lt;script&gt;')
})

test.each(['/dev/mailbox', '/dev/mailbox.json', '/dev/mailbox.css'])(
  '%s is kept in no cache and tells no other site',
  async (address) => {
    const { response } = await get(address)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('referrer-policy')).toBe('no-referrer')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
  },
)

test.each(['/dev/mailbox/../../etc/passwd.html', '/dev/mailbox/%2e%2e%2fother.html', '/dev/mailbox/..%2fother'])(
  '%s finds nothing',
  async (address) => {
    await fs.writeFile(path.join(path.dirname(folder), 'other.json'), '{}')
    expect((await get(address)).status).toBe(404)
    await fs.rm(path.join(path.dirname(folder), 'other.json'))
  },
)
