import type { Server, ServerResponse } from 'node:http'

const FINISH_WITHIN_MS = 10_000

/**
 * Prepares a server for its end, and gives the way to it: no more connections are taken, what is under way is answered,
 * and each connection ends with its next answer, which says so, so that no caller sends another request into the void.
 * After ten seconds what is still open is cut.
 */
export function stopperOf(server: Server): () => Promise<void> {
  const underWay = new Set<ServerResponse>()
  let stopping = false

  // Before the listener that answers.
  server.prependListener('request', (_request, response: ServerResponse) => {
    if (stopping) endWith(response)
    underWay.add(response)
    response.once('close', () => {
      underWay.delete(response)
      // One whose head had been sent before the stop had promised to keep its connection.
      if (stopping) server.closeIdleConnections()
    })
  })

  return async () => {
    stopping = true
    for (const response of underWay) endWith(response)
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve())
    })
    const impatience = setTimeout(() => server.closeAllConnections(), FINISH_WITHIN_MS)
    await closed
    clearTimeout(impatience)
  }
}

function endWith(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('Connection', 'close')
}
