import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { v7 as uuidv7 } from 'uuid'
import { afterEach, beforeAll, expect, test } from 'vitest'
import type { Visitor } from '../support/browser-like.ts'
import { freshDatabase } from '../support/databases.ts'
import { endAll, makeBuild, quietPort, startedServer } from '../support/process.ts'
import type { ServerProcess } from '../support/process.ts'
import { granted } from './deeds.ts'
import { isServerGone } from './live.ts'
import { openInspector } from './rules.ts'
import { signInAt } from './sign-in-at.ts'

beforeAll(makeBuild)
afterEach(endAll)

const CREATE = 'mutation ($id: ID!) { createRecord(input: { id: $id, collection: "notes" }) { id } }'
const READ = 'query ($id: ID!) { record(id: $id) { id } }'

test('a server that is told to stop answers what is under way, says at /readyz that it stops, and exits with 0', async () => {
  const { server, drop } = await openServer()
  const question = JSON.stringify({ query: '{ me { id } }' })
  const posts = await Promise.all(Array.from({ length: 5 }, () => halfSent(server, post(server, question))))
  const readyz = await halfSent(server, `GET /readyz HTTP/1.1\r\nHost: ${server.url.host}\r\n\r\n`)

  server.kill('SIGTERM')
  await said(server, 'server.stopping')
  expect(await readyz.finish()).toMatch(/^HTTP\/1.1 503 [\s\S]*\r\nConnection: close\r\n[\s\S]*stopping/i)
  for (const { finish } of posts)
    expect(await finish()).toMatch(/^HTTP\/1.1 200 OK[\s\S]*\r\nConnection: close\r\n[\s\S]*\{"data":\{"me":null\}\}/i)
  expect(await server.ended).toMatchObject({ code: 0 })
  await drop()
})

test('being told twice to stop, by either signal, changes nothing', async () => {
  const { server, drop } = await openServer()
  const { finish } = await halfSent(server, post(server, JSON.stringify({ query: '{ me { id } }' })))
  for (const signal of ['SIGTERM', 'SIGTERM', 'SIGINT', 'SIGINT'] as const) {
    server.kill(signal)
    await said(server, 'server.stopping')
    await delay(50) // for a second signal nothing is said
  }
  expect(await finish()).toMatch(/^HTTP\/1.1 200 OK/)
  expect(await server.ended).toMatchObject({ code: 0, signal: null })
  await drop()
})

test('a stop in the middle of reads and writes answers each that it began, and keeps the log of all', async () => {
  const { server, env, drop } = await openServer()
  const people = await Promise.all(
    ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => signInAt(server, `${name}@example.com`)),
  )
  const answered = { created: new Set<string>(), read: 0 }
  const work = people.map(({ browser }) => workUntilGone(browser, answered))
  while (answered.created.size < 40) await delay(5)
  const { code, output } = await server.stop()
  await Promise.all(work)

  expect(code).toBe(0)
  expect(output).not.toMatch(/ERROR|WARN/)
  const again = await startedServer(env, server.port)
  const inspector = openInspector(env)
  const { records } = await inspector.tables()
  expect(new Set(records.map(({ id }) => id))).toEqual(answered.created) // none lost, and none made that was not answered
  expect(await inspector.linesOf('record.read')).toBe(answered.read)
  expect(await inspector.linesOf('record.created')).toBe(answered.created.size)
  await inspector.close()
  expect(await again.stop()).toMatchObject({ code: 0 })
  await drop()
})

async function openServer() {
  const database = await freshDatabase()
  const env = { ...database.env, LOG_LEVEL: 'info', RATE_LIMIT_SCALE: '100000' }
  return { server: await startedServer(env, await quietPort()), env, drop: database.drop }
}

async function workUntilGone(browser: Visitor, answered: { created: Set<string>; read: number }): Promise<void> {
  try {
    for (;;) {
      const id = uuidv7()
      granted(await browser.graphql(CREATE, { id }))
      answered.created.add(id)
      granted(await browser.graphql(READ, { id: `record_${id}` }))
      answered.read += 1
    }
  } catch (error) {
    if (!isServerGone(error)) throw error
  }
}

/** A request of which all but the last bytes have been sent, so that it is under way until they follow. */
async function halfSent(server: ServerProcess, request: string): Promise<{ finish(): Promise<string> }> {
  const socket = connect(server.port, '127.0.0.1')
  const answer = readToEnd(socket)
  await once(socket, 'connect')
  socket.write(request.slice(0, -2))
  await delay(100) // it must have been read before the stop
  return {
    finish() {
      if (!socket.destroyed) socket.write(request.slice(-2))
      return answer
    },
  }
}

/** All that came until the connection ended, however it did. */
function readToEnd(socket: Socket): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.on('error', () => {})
  return new Promise((resolve) => socket.once('close', () => resolve(Buffer.concat(chunks).toString())))
}

function post(server: ServerProcess, body: string): string {
  const head = [
    'POST /graphql HTTP/1.1',
    `Host: ${server.url.host}`,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}

async function said(server: ServerProcess, event: string): Promise<void> {
  while (!server.output().includes(event)) await delay(5)
}
