import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { quietPort } from './quiet-port.ts'

test('x400 together get 400 ports, none of them twice', async () => {
  const ports = await Promise.all(Array.from({ length: 400 }, quietPort))
  expect(new Set(ports).size).toBe(400)
})

test('a port stays with who has it while nothing listens there, and can be listened on', async () => {
  const port = await quietPort()
  const listen = (at: number) =>
    new Promise<string>((resolve) => {
      const server = createServer()
      onTestFinished(() => void server.close())
      server.once('error', ({ message }) => resolve(message))
      server.listen(at, '127.0.0.1', () => resolve('listens'))
    })
  expect(await listen(port - 10_000)).toContain('EADDRINUSE')
  expect(await listen(port)).toBe('listens')
})
