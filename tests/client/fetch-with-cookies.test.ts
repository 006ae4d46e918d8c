import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { fetchWithCookies } from '../../src/client/index.ts'

/** A server that sets these cookies at each path, and tells the headers that it was sent. */
async function serverOf(cookies: Readonly<Record<string, string[]>>) {
  const received: IncomingMessage['headers'][] = []
  const server = createServer((request, response) => {
    received.push(request.headers)
    request.resume()
    response.setHeader('set-cookie', cookies[request.url ?? ''] ?? [])
    if (request.url === '/away') response.writeHead(307, { location: 'http://127.0.0.1:1/' })
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo // it listens on TCP
  return { url: `http://127.0.0.1:${port}`, received }
}

const post = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }

test('a cookie that was set is sent from then on, with the origin', async () => {
  const { url, received } = await serverOf({ '/in': ['session=abc==; Path=/; HttpOnly; SameSite=Lax; Max-Age=60'] })
  const fetch = fetchWithCookies({ origin: 'https://app.example.com' })
  await fetch(`${url}/in`, post)
  await fetch(`${url}/`, post)
  expect(received.map(({ cookie, origin }) => ({ cookie, origin }))).toEqual([
    { cookie: undefined, origin: 'https://app.example.com' },
    { cookie: 'session=abc==', origin: 'https://app.example.com' },
  ])
  expect(received[1]?.['content-type']).toBe('application/json')
})

test.each([
  'session=; Max-Age=0',
  'session=; max-age=-1; Expires=Fri, 31 Dec 9999 23:59:59 GMT',
  'session=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
])('a cookie whose time is over is forgotten: %s', async (line) => {
  const { url, received } = await serverOf({ '/in': ['session=abc', 'challenge=x'], '/out': [line] })
  const fetch = fetchWithCookies({ origin: url })
  for (const path of ['/in', '/out', '/']) await fetch(url + path, post)
  expect(received.map(({ cookie }) => cookie)).toEqual([undefined, 'session=abc; challenge=x', 'challenge=x'])
})

test('a cookie is replaced by a later one, and lines that set nothing are passed over', async () => {
  const { url, received } = await serverOf({ '/1': ['session=old', 'nonsense', '=x'], '/2': ['session=new'] })
  const fetch = fetchWithCookies({ origin: url })
  for (const path of ['/1', '/2', '/']) await fetch(url + path, post)
  expect(received.map(({ cookie }) => cookie)).toEqual([undefined, 'session=old', 'session=new'])
})

test('a cookie goes back to the server that set it alone', async () => {
  const here = await serverOf({ '/in': ['session=abc'] })
  const there = await serverOf({})
  const fetch = fetchWithCookies({ origin: 'https://app.example.com' })
  await fetch(`${here.url}/in`, post)
  await fetch(there.url, post)
  expect(there.received.map(({ cookie }) => cookie)).toEqual([undefined])
})

test('a redirect is not followed, so that it takes no cookie elsewhere', async () => {
  const { url } = await serverOf({})
  const response = await fetchWithCookies({ origin: url })(`${url}/away`, post)
  expect(response.status).toBe(307)
})

test('two of them are two browsers', async () => {
  const { url, received } = await serverOf({ '/in': ['session=abc'] })
  await fetchWithCookies({ origin: url })(`${url}/in`, post)
  await fetchWithCookies({ origin: url })(url, post)
  expect(received.map(({ cookie }) => cookie)).toEqual([undefined, undefined])
})
