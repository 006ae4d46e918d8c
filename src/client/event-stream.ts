import { LatchkeyError, readErrors } from './errors.ts'
import { answerIn, post, readResponse, type Answer, type Transport } from './send.ts'

/** Called when the server has taken the subscription: from now on nothing is missed. */
export type StreamOptions = { signal?: AbortSignal | undefined; onOpen?: (() => void | Promise<void>) | undefined }

/**
 * The answers of a subscription as they come, over server-sent events (the "distinct connections mode" of graphql-sse).
 * It ends when the server ends it, and throws NETWORK when the connection breaks.
 */
export async function* subscribe(
  transport: Transport,
  query: string,
  variables: unknown,
  { signal, onOpen }: StreamOptions,
): AsyncGenerator<Answer<unknown>, void, undefined> {
  const response = await post(transport, { query, variables, accept: 'text/event-stream' }, signal)
  if (!response.body || !/^text\/event-stream\b/.test(response.headers.get('content-type') ?? '')) {
    yield await readResponse(transport, response, signal)
    return
  }
  await onOpen?.()
  for await (const { event, data } of events(response.body, signal)) {
    if (event === 'complete') return
    const answer = event === 'next' ? answerIn(data) : null
    if (answer)
      yield { data: answer.data ?? null, errors: readErrors(answer.errors ?? [], answer.data ?? null, response.status) }
  }
}

type StreamEvent = { event: string; data: string }

/** Reads an event stream (HTML Living Standard, section 9.2.6), as far as GraphQL uses it. */
async function* events(body: ReadableStream<Uint8Array>, signal: AbortSignal | undefined): AsyncGenerator<StreamEvent> {
  let [event, data, rest] = ['message', [] as string[], '']
  for await (const text of texts(body, signal)) {
    const lines = (rest + text).split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const [name = '', value = ''] = split(line)
      if (name === 'event') event = value
      else if (name === 'data') data.push(value)
      else if (line === '') {
        if (data.length > 0 || event !== 'message') yield { event, data: data.join('\n') }
        event = 'message'
        data = []
      }
    }
  }
}

async function* texts(body: ReadableStream<Uint8Array>, signal: AbortSignal | undefined): AsyncGenerator<string> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield decoder.decode(value, { stream: true })
    }
  } catch (cause) {
    if (signal?.aborted) throw cause
    throw new LatchkeyError('NETWORK', 'The stream of events broke off.', { cause })
  } finally {
    // Also when whoever reads has enough: the server then frees what it keeps for the stream.
    await reader.cancel().catch(() => null)
  }
}

function split(line: string): [name: string, value: string] {
  const at = line.indexOf(':')
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1).replace(/^ /, '')]
}
