import { connect, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'

/** A cable to another server: what goes in at `url` comes out there, until it is cut. */
export type Cable = { url: URL; cut(): Promise<void>; mend(): Promise<void> }

/** Lays a cable to the server that a URL names (postgres://host:port, redis://host:port). */
export async function layCable(to: string): Promise<Cable> {
  const url = new URL(to)
  const [host, port] = [url.hostname, Number(url.port)]
  const ends = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(port, host)
    for (const end of [near, far]) {
      ends.add(end)
      end.on('error', () => {})
      end.once('close', () => {
        ends.delete(end)
        near.destroy()
        far.destroy()
      })
    }
    near.pipe(far).pipe(near)
  })
  const ownPort = await listen(server, 0)
  url.hostname = '127.0.0.1'
  url.port = String(ownPort)
  return {
    url,
    cut: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const end of ends) end.destroy()
      }),
    mend: async () => void (await listen(server, ownPort)),
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : 0)
    })
  })
}
