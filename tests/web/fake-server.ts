import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { pageRoutes } from '../../src/features/pages/routes.ts'

type Variables = { input?: Record<string, unknown> }
type Answer = { data: unknown } | { errors: { message: string; extensions: Record<string, unknown> }[] }

/** What the fake answers to each operation, by the operation's name. */
export type Answers = Partial<
  Record<'Me' | 'Logout' | 'RequestMagicLink' | 'VerifyMagicLink' | 'VerifyMagicCode', (variables: Variables) => Answer>
>

export type FakeServer = {
  url: string
  answers: Answers
  /** Every operation that came, in order, but for those that a page asks by itself. */
  calls: { operation: string; variables: Variables }[]
  /** Every path that was asked for. */
  paths: string[]
  close(): Promise<void>
}

export const ada = {
  __typename: 'User',
  id: 'User_1',
  email: 'ada@example.com',
  displayName: null,
  createdAt: '2026-01-02T03:04:05.000Z',
  lastLoginAt: '2026-01-02T03:04:05.000Z',
}

/** A sign-in that worked. */
export const signedIn = (redirectTo: string | null = null) => ({
  __typename: 'SignedIn',
  user: ada,
  session: {},
  redirectTo,
})

/** A sign-in that asks the person first, as when the link was asked for in another browser. */
export const confirmationRequired = (deviceName = 'Firefox on Windows') => ({
  __typename: 'ConfirmationRequired',
  email: 'ada@example.com',
  requestedAt: new Date(Date.now() - 185_000).toISOString(),
  deviceName,
  ipAddress: '203.0.113.7',
})

/** A mail that was sent, and how long it holds. */
export const mailSent = (seconds = 600): Answer => ({
  data: { requestMagicLink: { message: '', expiresAt: new Date(Date.now() + seconds * 1000).toISOString() } },
})

/** A refusal, as the server writes it. */
export const refused = (code: string, details: Record<string, unknown> = {}): Answer => ({
  errors: [{ message: `refused: ${code}`, extensions: { ...details, code } }],
})

/** The built pages, before a server that answers what the test says and knows nothing else. */
export async function startFakeServer({
  mode = 'production',
  pages = true,
}: { mode?: 'development' | 'production'; pages?: boolean } = {}): Promise<FakeServer> {
  const webFolder = mkdtempSync(path.join(tmpdir(), 'latchkey-web-'))
  execFileSync(process.execPath, [path.join(import.meta.dirname, '..', '..', 'scripts', 'build-web.mjs'), webFolder])
  const publicUrl = new URL('http://localhost')
  const config = { mode, introspection: mode === 'development', publicUrl, pages, pagesUrl: publicUrl }
  const shown = getRequestListener(pageRoutes({ config, webFolder }).fetch, { overrideGlobalObjects: false })
  const fake: Pick<FakeServer, 'answers' | 'calls' | 'paths'> = { answers: {}, calls: [], paths: [] }

  const server = createServer((request, response) => {
    fake.paths.push(request.url ?? '')
    if (request.method === 'POST' && request.url === '/graphql') void answer(fake, request, response)
    else void shown(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('The fake server listens on no port.')

  return Object.assign(fake, {
    url: `http://localhost:${address.port}`,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      rmSync(webFolder, { recursive: true })
    },
  })
}

// Each page asks who is signed in; the sign-in page, for the suggestions of its field, for a challenge.
const BY_ITSELF: ReadonlySet<string> = new Set(['Me', 'BeginPasskeyLogin'])

async function answer(fake: Pick<FakeServer, 'answers' | 'calls'>, request: IncomingMessage, response: ServerResponse) {
  let body = ''
  for await (const chunk of request as AsyncIterable<Buffer>) body += chunk.toString()
  // The pages' own client wrote it, in this form.
  const { query, variables = {} } = JSON.parse(body) as { query: string; variables?: Variables }
  const operation = /(?:query|mutation) (\w+)/.exec(query)?.[1] ?? 'unknown'
  if (!BY_ITSELF.has(operation)) fake.calls.push({ operation, variables })
  const known = fake.answers[operation as keyof Answers] // a name that is not there gives undefined
  response.writeHead(200, { 'content-type': 'application/graphql-response+json' })
  response.end(JSON.stringify(known ? known(variables) : refused('INTERNAL', { errorId: 'fake' })))
}
