import { afterEach, describe, expect, test, vi } from 'vitest'
import { createClient } from '../../src/client/index.ts'
import type { ClientOptions, SecurityAlert } from '../../src/client/index.ts'
import { startTestApp } from '../support/app.ts'
import { signIn } from '../support/people.ts'

afterEach(() => {
  vi.useRealTimers()
})

const alert = (n: number) => ({
  __typename: 'SecurityAlert',
  id: `alert_${n}`,
  kind: 'login.new-device',
  message: `Größe ${n}`,
})
const next = (body: unknown, end = '\n') => [`event: next`, `data: ${JSON.stringify(body)}`, '', ''].join(end)
const told = (n: number, end = '\n') => next({ data: { securityAlert: alert(n) } }, end)
const refused = (code: string, details: object = {}) =>
  next({ data: null, errors: [{ message: code, extensions: { code, ...details } }] })
const COMPLETE = 'event: complete\ndata:\n\n'

/** A stream of events in these pieces, that is then ended, broken or left open. */
function streamOf(pieces: readonly (string | Uint8Array)[], then: 'end' | 'break' | 'stay' = 'end'): Response {
  const encoder = new TextEncoder()
  const left = [...pieces]
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = left.shift()
      if (piece !== undefined) controller.enqueue(typeof piece === 'string' ? encoder.encode(piece) : piece)
      else if (then === 'end') controller.close()
      else if (then === 'break') controller.error(new TypeError('terminated'))
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream; charset=utf-8' } })
}

/** As a real fetch does it: the body breaks when the request is called off. */
function brokenBy(signal: AbortSignal | null | undefined, response: Response): Response {
  if (!signal || !response.body) return response
  return new Response(response.body.pipeThrough(new TransformStream(), { signal }), response)
}

function listening(answers: readonly (() => Response)[], options: Partial<ClientOptions> = {}) {
  const left = [...answers]
  const fetch = vi.fn<typeof globalThis.fetch>(async (_url, init) => {
    const answer = left.shift()
    if (!answer) throw new Error('The test gave no further answer.')
    return brokenBy(init?.signal, answer())
  })
  const client = createClient({ url: 'https://id.example.com/graphql', fetch, ...options })
  const controller = new AbortController()
  const seen: string[] = []
  const opened = vi.fn()
  const done = client.onSecurityAlert(({ message }) => seen.push(message), {
    signal: controller.signal,
    onOpen: opened,
  })
  done.catch(() => null) // looked at below
  return { done, seen, opened, fetch, stop: () => controller.abort() }
}

describe('onSecurityAlert', () => {
  test('tells of what happens at a real server, until it is called off', async () => {
    const app = await startTestApp()
    try {
      const person = await signIn(app)
      const client = createClient({
        url: new URL('/graphql', app.url).href,
        fetch: (_url, init) =>
          person.browser.fetch('/graphql', {
            ...init,
            headers: { ...(init?.headers as object), origin: app.url.origin },
          }),
      })
      const controller = new AbortController()
      const happened: Promise<unknown>[] = []
      const seen: SecurityAlert[] = []
      const done = client.onSecurityAlert(
        (one) => {
          seen.push(one)
          controller.abort()
        },
        { signal: controller.signal, onOpen: () => void happened.push(signIn(app, person.email)) },
      )
      await done
      await Promise.all(happened)

      expect(seen).toMatchObject([{ __typename: 'SecurityAlert', kind: 'login.new-device', acknowledgedAt: null }])
      const { edges } = await client.securityAlerts({ first: 1 })
      expect(edges.map(({ node }) => node)).toEqual(seen)
      expect((await client.acknowledgeAlert(seen[0]?.id ?? '')).acknowledgedAt).not.toBeNull()
    } finally {
      await app.close()
    }
  })

  test('asks by POST for a stream of events', async () => {
    const { fetch, opened, stop, done } = listening([() => streamOf([told(1)], 'stay')])
    await vi.waitFor(() => expect(opened).toHaveBeenCalledOnce())
    expect(fetch.mock.calls[0]?.[1]).toMatchObject({
      method: 'POST',
      credentials: 'include',
      headers: { accept: 'text/event-stream', 'content-type': 'application/json' },
    })
    stop()
    await done
  })

  test.each(['\n', '\r\n', '\r'])('reads events however they are cut, with lines that end in %j', async (end) => {
    const text = `:${end}${end}${told(1, end)}: ping${end}${end}${told(2, end)}`
    const bytes = new TextEncoder().encode(text)
    for (const size of [1, 2, 3, 7, bytes.length]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.slice(i * size, (i + 1) * size),
      )
      const { seen, stop, done } = listening([() => streamOf([...pieces, told(3)], 'stay')])
      await vi.waitFor(() => expect(seen).toEqual(['Größe 1', 'Größe 2', 'Größe 3']))
      stop()
      await done
    }
  })

  test('begins again when the connection breaks, or the server ends it, after a moment', async () => {
    vi.useFakeTimers()
    const offline = () => {
      throw new TypeError('fetch failed')
    }
    const bad = () => new Response('Bad gateway', { status: 502 })
    const { seen, opened, fetch, stop, done } = listening([
      () => streamOf([told(1)], 'break'),
      offline,
      bad,
      () => streamOf([told(2), COMPLETE]),
      () => streamOf([told(3)], 'stay'),
    ])
    await vi.advanceTimersByTimeAsync(0)
    expect([seen, fetch.mock.calls.length]).toEqual([['Größe 1'], 1])
    await vi.advanceTimersByTimeAsync(400)
    expect(fetch).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(30_000)
    expect(seen).toEqual(['Größe 1', 'Größe 2', 'Größe 3'])
    expect(opened).toHaveBeenCalledTimes(3)
    stop()
    await done
  })

  test('comes back no sooner than a limit allows', async () => {
    vi.useFakeTimers()
    const { fetch, stop, done } = listening([
      () => streamOf([refused('RATE_LIMITED', { retryAfter: 60 }), COMPLETE]),
      () => streamOf([], 'stay'),
    ])
    await vi.advanceTimersByTimeAsync(59_000)
    expect(fetch).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(fetch).toHaveBeenCalledTimes(2)
    stop()
    await done
  })

  test.each<[string, () => Response, string]>([
    ['in the stream', () => streamOf([refused('UNAUTHENTICATED'), COMPLETE]), 'UNAUTHENTICATED'],
    [
      'as an answer',
      () => Response.json({ errors: [{ message: 'No.', extensions: { code: 'UNAUTHENTICATED' } }] }),
      'UNAUTHENTICATED',
    ],
    ['for good', () => streamOf([refused('QUOTA_EXCEEDED', { limit: 5 }), COMPLETE]), 'QUOTA_EXCEEDED'],
    ['by what is no GraphQL', () => new Response('<h1>Hello</h1>'), 'UNEXPECTED_ANSWER'],
  ])('throws a refusal that comes %s', async (_, answer, code) => {
    const onUnauthenticated = vi.fn()
    const { done, fetch } = listening([answer], { onUnauthenticated })
    await expect(done).rejects.toMatchObject({ code })
    expect(fetch).toHaveBeenCalledOnce()
    expect(onUnauthenticated).toHaveBeenCalledTimes(code === 'UNAUTHENTICATED' ? 1 : 0)
  })

  test('begins again with the new cookie after a proof, which completes the stream, and throws once the session has ended', async () => {
    vi.useFakeTimers()
    const endsLater = (end: string) => () => {
      const encoder = new TextEncoder()
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          setTimeout(() => {
            controller.enqueue(encoder.encode(end))
            controller.close()
          }, 60_000)
        },
      })
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
    }
    const onUnauthenticated = vi.fn()
    const { done, fetch, opened } = listening(
      [endsLater(COMPLETE), endsLater(refused('UNAUTHENTICATED') + COMPLETE), () => streamOf([], 'stay')],
      { onUnauthenticated },
    )
    await vi.advanceTimersByTimeAsync(61_000) // and no more than the first wait
    expect([fetch.mock.calls.length, opened.mock.calls.length]).toEqual([2, 2])
    expect(onUnauthenticated).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(60_000)
    await expect(done).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    expect(fetch).toHaveBeenCalledTimes(2)
    expect(onUnauthenticated).toHaveBeenCalledOnce()
  })

  test('a fault in what it calls back is thrown', async () => {
    const fault = new Error('The page broke.')
    const client = createClient({
      url: 'https://id.example.com/graphql',
      fetch: () => Promise.resolve(streamOf([told(1)], 'stay')),
    })
    await expect(
      client.onSecurityAlert(() => {
        throw fault
      }),
    ).rejects.toBe(fault)
  })

  test('is not begun when it was called off before', async () => {
    const { client, fetch } = (() => {
      const fetch = vi.fn<typeof globalThis.fetch>()
      return { fetch, client: createClient({ url: 'https://id.example.com/graphql', fetch }) }
    })()
    await client.onSecurityAlert(() => {}, { signal: AbortSignal.abort() })
    expect(fetch).not.toHaveBeenCalled()
  })

  test('is begun again with the new cookie, however late the answer of the proof brings it', async () => {
    vi.useFakeTimers()
    const onUnauthenticated = vi.fn()
    const proved = { data: { reauthenticateWithCode: { __typename: 'Session' } } }
    let cookie = 'old'
    let streams = 0
    const fetch = async (_url: unknown, init: RequestInit = {}): Promise<Response> => {
      if (String(init.body).includes('reauthenticateWithCode')) {
        await new Promise((resolve) => setTimeout(resolve, 8_000)) // the server has renewed it; the line is slow
        cookie = 'new'
        return Response.json(proved)
      }
      streams += 1
      if (streams === 1) return streamOf([told(1), COMPLETE])
      const answer = cookie === 'new' ? streamOf([told(2)], 'stay') : streamOf([refused('UNAUTHENTICATED'), COMPLETE])
      return brokenBy(init.signal, answer)
    }
    const client = createClient({ url: 'https://id.example.com/graphql', fetch, onUnauthenticated })
    const controller = new AbortController()
    const seen: string[] = []
    const proof = client.reauthenticateWithCode({ code: '123456' })
    const done = client.onSecurityAlert(({ message }) => seen.push(message), { signal: controller.signal })
    await vi.advanceTimersByTimeAsync(10_000)
    await proof
    expect(seen).toEqual(['Größe 1', 'Größe 2'])
    expect(onUnauthenticated).not.toHaveBeenCalled()
    controller.abort()
    await done
  })
})
