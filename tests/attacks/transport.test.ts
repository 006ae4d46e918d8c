import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { rawPost, sendRaw } from '../support/raw-http.ts'

describe('L6: a development server is not open to the world', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp()
  })
  afterAll(() => app.close())

  test('L6: it listens on loopback alone', async () => {
    const [outside] = Object.values(networkInterfaces())
      .flat()
      .filter((face) => face && !face.internal && face.family === 'IPv4')
    expect(app.services.config.host).toBe('127.0.0.1')
    expect(await canConnect(app.url, '127.0.0.1')).toBe(true)
    // On a machine without a network, Linux has the whole of 127/8 to try.
    if (outside ?? process.platform === 'linux')
      expect(await canConnect(app.url, outside?.address ?? '127.0.0.2')).toBe(false)
  })

  const PATHS = ['/graphql', '/', '/sign-in', '/dev/mailbox.json', '/healthz', '/metrics', '/graphql?query={me{id}}']
  test.each([
    'evil.example',
    'localhost.evil.example',
    'evil.example:PORT',
    '0.0.0.0:PORT',
    'localhost',
    'localhost:1',
    '',
    '127.0.0.1.evil.example:PORT',
  ])('L6: called by the name "%s", it answers nothing', async (name) => {
    for (const path of PATHS) {
      const { status, body } = await sendRaw(
        app.url,
        `GET ${path} HTTP/1.1\r\nHost: ${name.replace('PORT', app.url.port)}\r\nAccept: text/html\r\nConnection: close\r\n\r\n`,
      )
      expect([status, JSON.parse(body)]).toMatchObject([421, { errors: [{ extensions: { code: 'REQUEST_REFUSED' } }] }])
    }
  })

  test('L6: with two names, or none, it answers nothing', async () => {
    for (const lines of ['', 'Host: localhost\r\nHost: evil.example\r\n']) {
      const { status } = await sendRaw(app.url, `GET /healthz HTTP/1.1\r\n${lines}Connection: close\r\n\r\n`)
      expect([400, 421]).toContain(status)
    }
  })

  test('L6: its own names are good', async () => {
    for (const name of ['localhost', '127.0.0.1', 'LOCALHOST']) {
      const { status } = await sendRaw(
        app.url,
        `GET /healthz HTTP/1.1\r\nHost: ${name}:${app.url.port}\r\nConnection: close\r\n\r\n`,
      )
      expect(status).toBe(200)
    }
  })
})

describe('a body holds nobody up', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp()
  })
  afterAll(() => app.close())

  const HEAD = (app: TestApp, ...lines: string[]) =>
    `POST /graphql HTTP/1.1\r\n${[`Host: ${app.url.host}`, 'Content-Type: application/json', ...lines].join('\r\n')}\r\n\r\n`
  const isAnswered = async () => expect((await app.browser().graphql('{ me { id } }')).data).toEqual({ me: null })

  test('one that is announced as too large is refused before it is sent', async () => {
    const answer = await sendRaw(app.url, HEAD(app, 'Content-Length: 10000000000'))
    expect([answer.status, answer.headers.get('connection'), JSON.parse(answer.body)]).toMatchObject([
      413,
      'close',
      { errors: [{ extensions: { code: 'TOO_LARGE' } }] },
    ])
  })

  test('one in chunks without end is cut off, and not kept', async () => {
    const socket = connect(Number(app.url.port), '127.0.0.1')
    socket.write(HEAD(app, 'Transfer-Encoding: chunked'))
    const { answer, sent } = await sendChunksUntilClosed(socket)
    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
    expect(answer).toContain('"code":"TOO_LARGE"')
    expect(sent).toBeLessThan(64 * 1024 * 1024)
    await isAnswered()
  })

  test('one in chunks within the limit is read', async () => {
    const body = '{"query":"{ me { id } }"}'
    const chunks = [...body].map((character) => `1\r\n${character}\r\n`).join('')
    const answer = await sendRaw(
      app.url,
      `${HEAD(app, 'Transfer-Encoding: chunked', 'Connection: close')}${chunks}0\r\n\r\n`,
    )
    expect([answer.status, JSON.parse(answer.body)]).toEqual([200, { data: { me: null } }])
  })

  test('those that are announced and never come keep nobody from being answered, and leave nothing when they go', async () => {
    const sockets = Array.from({ length: 200 }, () => connect(Number(app.url.port), '127.0.0.1'))
    await Promise.all(
      sockets.map(
        (socket) => new Promise((resolve) => socket.write(`${HEAD(app, 'Content-Length: 100')}{"query":`, resolve)),
      ),
    )
    await isAnswered()
    for (const socket of sockets) socket.destroy()
    await isAnswered()
  })

  test('a length beside chunks, or two lengths, is no request', async () => {
    for (const lines of [
      ['Content-Length: 25', 'Transfer-Encoding: chunked'],
      ['Content-Length: 25', 'Content-Length: 26'],
      ['Content-Length: -1'],
      ['Content-Length: 1e3'],
      ['Transfer-Encoding: gzip, x'],
    ]) {
      const answer = await sendRaw(app.url, `${HEAD(app, ...lines, 'Connection: close')}{"query":"{ me { id } }"}`)
      expect(answer.status).toBe(400)
    }
  })

  test('a packed one is not unpacked', async () => {
    const answer = await sendRaw(app.url, rawPost(app.url, '\u001f\u008b\u0008', ['Content-Encoding: gzip']))
    expect([400, 415]).toContain(answer.status)
  })
})

function canConnect(url: URL, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(url.port), host)
    const end = (connected: boolean) => {
      socket.destroy()
      resolve(connected)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
    socket.setTimeout(2_000, () => end(false))
  })
}

function sendChunksUntilClosed(socket: Socket): Promise<{ answer: string; sent: number }> {
  const chunk = Buffer.from(`10000\r\n${'x'.repeat(65_536)}\r\n`)
  return new Promise((resolve) => {
    let answer = ''
    let sent = 0
    const send = () => {
      while (!socket.destroyed && socket.writable) {
        sent += chunk.length
        if (!socket.write(chunk)) return
      }
    }
    socket.on('drain', send)
    socket.on('data', (data) => (answer += data.toString()))
    socket.on('error', () => {})
    socket.once('close', () => resolve({ answer, sent }))
    send()
  })
}
