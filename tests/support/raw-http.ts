import { connect } from 'node:net'

/** An answer as it came over the socket. */
export type RawAnswer = { status: number; headers: Headers; body: string }

/**
 * Writes one request as it stands, byte for byte, and reads until the server closes: ask for `Connection: close`.
 * `latin1` keeps each character of the text one byte. A server that closes without an answer has status 0.
 */
export function sendRaw(url: URL, request: string | Buffer): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect(Number(url.port), '127.0.0.1', () => socket.write(request, 'latin1'))
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.once('error', (error: NodeJS.ErrnoException) => {
      // A server that refuses need not read to the end, and its answer may be here already.
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') resolve(parse(Buffer.concat(chunks)))
      else reject(error)
    })
    socket.once('close', () => resolve(parse(Buffer.concat(chunks))))
  })
}

/** A POST of JSON to /graphql with these further header lines, which may be anything: one byte for each character. */
export function rawPost(url: URL, body: string, lines: readonly string[]): Buffer {
  const head = [
    'POST /graphql HTTP/1.1',
    `Host: ${url.host}`,
    'Connection: close',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  return Buffer.concat([Buffer.from(`${[...head, ...lines].join('\r\n')}\r\n\r\n`, 'latin1'), Buffer.from(body)])
}

function parse(answer: Buffer): RawAnswer {
  const text = answer.toString('utf8')
  const cut = text.indexOf('\r\n\r\n')
  const [statusLine = '', ...lines] = text.slice(0, Math.max(cut, 0)).split('\r\n')
  const headers = new Headers()
  for (const line of lines) headers.append(line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim())
  const body = text.slice(cut + 4)
  const isChunked = headers.get('transfer-encoding') === 'chunked'
  return { status: Number(statusLine.split(' ')[1] ?? 0), headers, body: isChunked ? joined(body) : body }
}

// Sizes are in bytes: no answer that is read here holds more than ASCII.
function joined(chunked: string): string {
  const end = chunked.indexOf('\r\n')
  const size = Number.parseInt(chunked.slice(0, end), 16)
  if (!(size > 0)) return ''
  return chunked.slice(end + 2, end + 2 + size) + joined(chunked.slice(end + 4 + size))
}
