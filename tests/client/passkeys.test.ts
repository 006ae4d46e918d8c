import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createClient, isAutofillSupported, isPasskeySupported } from '../../src/client/index.ts'

const BYTES = new Uint8Array([1, 2, 3]).buffer
const RESULTS = () => ({
  credProps: { rk: true },
  prf: { enabled: true, results: { first: new Uint8Array(32).fill(7) } },
})

/** What an authenticator gives, as the browser hands it to the page. */
const assertion = () => ({
  id: 'AQID',
  rawId: BYTES,
  type: 'public-key',
  response: { authenticatorData: BYTES, clientDataJSON: BYTES, signature: BYTES, userHandle: BYTES },
  getClientExtensionResults: RESULTS,
})
const attestation = () => ({
  id: 'AQID',
  rawId: BYTES,
  type: 'public-key',
  response: { clientDataJSON: BYTES, attestationObject: BYTES, getTransports: () => ['internal'] },
  getClientExtensionResults: RESULTS,
})
const domError = (name: string) => Object.assign(new Error(name), { name })

type Ceremony = (options: { signal: AbortSignal; mediation?: string }) => Promise<unknown>
let get: ReturnType<typeof vi.fn<Ceremony>>
let create: ReturnType<typeof vi.fn<Ceremony>>

beforeEach(() => {
  get = vi.fn<Ceremony>(() => Promise.resolve(assertion()))
  create = vi.fn<Ceremony>(() => Promise.resolve(attestation()))
  const PublicKeyCredential = Object.assign(() => {}, { isConditionalMediationAvailable: () => Promise.resolve(true) })
  vi.stubGlobal('document', { querySelectorAll: () => [] })
  vi.stubGlobal('PublicKeyCredential', PublicKeyCredential)
  vi.stubGlobal('location', { hostname: 'example.com' })
  vi.stubGlobal('navigator', { credentials: { get, create } })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const SESSION = { __typename: 'Session', id: 'session_1', level: 'STRONG' }
const USER = { __typename: 'User', id: 'user_1', email: 'ada@example.com' }
const OPTIONS = {
  challenge: 'AQID',
  rpId: 'example.com',
  rp: { id: 'example.com', name: 'Latchkey' },
  user: { id: 'AQID', name: 'ada', displayName: 'ada' },
  pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
}

function clientWith() {
  const sent: { query: string; variables: { input?: Record<string, unknown> } | undefined }[] = []
  let challenges = 0
  const fetch: typeof globalThis.fetch = (_url, init) => {
    const body = JSON.parse(typeof init?.body === 'string' ? init.body : '') as (typeof sent)[number]
    sent.push(body)
    const begun = () => ({
      challengeId: `challenge-${(challenges += 1)}`,
      options: OPTIONS,
      expiresAt: '2027-01-01T00:00:00Z',
    })
    const field = /\{\s*(\w+)/.exec(body.query)?.[1] ?? ''
    const data: Record<string, unknown> = {
      completePasskeyLogin: { __typename: 'SignedIn', user: USER, session: SESSION, redirectTo: null },
      completePasskeyReauthentication: SESSION,
      completePasskeyRegistration: { __typename: 'Passkey', id: 'passkey_1', name: 'Laptop' },
    }
    return Promise.resolve(Response.json({ data: { [field]: data[field] ?? begun() } }))
  }
  const client = createClient({ url: 'https://id.example.com/graphql', fetch })
  return { client, sent, input: () => sent.at(-1)?.variables?.input }
}

describe('a ceremony from end to end', () => {
  test('signs in, without an address and with one', async () => {
    const { client, sent, input } = clientWith()
    expect(await client.signInWithPasskey({ email: 'ada@example.com', rememberDevice: true })).toEqual({
      kind: 'SignedIn',
      user: USER,
      session: SESSION,
      redirectTo: null,
    })
    expect(sent[0]?.variables).toEqual({ input: { email: 'ada@example.com' } })
    expect(input()).toMatchObject({ challengeId: 'challenge-1', rememberDevice: true, response: { id: 'AQID' } })

    await client.signInWithPasskey()
    expect(sent[2]?.variables).toEqual({})
    expect(input()).toMatchObject({ challengeId: 'challenge-2', rememberDevice: false })
  })

  test('proves a session again', async () => {
    const { client } = clientWith()
    expect(await client.reauthenticateWithPasskey()).toEqual({ kind: 'Proved', session: SESSION })
  })

  test('registers, with a name and without', async () => {
    const { client, input } = clientWith()
    expect(await client.registerPasskey({ name: 'Laptop' })).toMatchObject({
      kind: 'Registered',
      passkey: { name: 'Laptop' },
    })
    expect(input()).toMatchObject({
      challengeId: 'challenge-1',
      name: 'Laptop',
      response: { response: { transports: ['internal'] } },
    })
    await client.registerPasskey()
    expect(input()).not.toHaveProperty('name')
  })

  test('P7: what the PRF extension gave is sent by none of them; what else the extensions said is', async () => {
    const { client, sent } = clientWith()
    await client.registerPasskey()
    await client.signInWithPasskey()
    await client.reauthenticateWithPasskey()
    const completed = sent.flatMap(({ variables }) =>
      variables?.input?.['response'] ? [variables.input['response']] : [],
    )
    expect(completed).toHaveLength(3)
    for (const response of completed) {
      expect(response).toMatchObject({ clientExtensionResults: { credProps: { rk: true }, prf: { enabled: true } } })
      expect(JSON.stringify(response)).not.toContain('results')
      expect(JSON.stringify(response)).not.toContain('"first"')
    }
  })
})

describe('a ceremony that comes to nothing is an outcome, and completes nothing', () => {
  test.each([
    ['NotAllowedError', 'CANCELLED'],
    ['AbortError', 'ABORTED'],
    ['NotSupportedError', 'UNSUPPORTED'],
    ['ConstraintError', 'UNSUPPORTED'],
    ['InvalidStateError', 'ALREADY_REGISTERED'],
  ])('%s is %s', async (name, reason) => {
    const { client, sent } = clientWith()
    create.mockRejectedValue(domError(name))
    expect(await client.registerPasskey()).toEqual({ kind: 'NotUsed', reason })
    expect(sent).toHaveLength(1)
  })

  test('a fault of the page is thrown', async () => {
    const { client } = clientWith()
    get.mockRejectedValue(domError('SecurityError'))
    await expect(client.signInWithPasskey()).rejects.toMatchObject({ name: 'SecurityError' })
  })

  test('a refusal of the server is thrown', async () => {
    const errors = [
      { message: 'No.', path: ['beginPasskeyLogin'], extensions: { code: 'RATE_LIMITED', retryAfter: 60 } },
    ]
    const fetch = () => Promise.resolve(Response.json({ data: null, errors }))
    const client = createClient({ url: 'https://id.example.com/graphql', fetch })
    await expect(client.signInWithPasskey()).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    expect(get).not.toHaveBeenCalled()
  })

  test('the page can call it off, before it begins and while it waits', async () => {
    const { client, sent } = clientWith()
    expect(await client.signInWithPasskey({ signal: AbortSignal.abort() })).toEqual({
      kind: 'NotUsed',
      reason: 'ABORTED',
    })
    expect(sent).toEqual([])

    const controller = new AbortController()
    get.mockImplementation(untilAborted(() => controller.abort()))
    expect(await client.signInWithPasskey({ signal: controller.signal })).toEqual({
      kind: 'NotUsed',
      reason: 'ABORTED',
    })
  })

  test('where there are no passkeys the server is not asked, and the page can know before', async () => {
    vi.stubGlobal('PublicKeyCredential', undefined)
    const { client, sent } = clientWith()
    expect([isPasskeySupported(), await isAutofillSupported()]).toEqual([false, false])
    for (const outcome of [await client.registerPasskey(), await client.signInWithPasskey({ autofill: true })]) {
      expect(outcome).toEqual({ kind: 'NotUsed', reason: 'UNSUPPORTED' })
    }
    expect(sent).toEqual([])
  })

  test('outside of a browser there are none', async () => {
    vi.unstubAllGlobals()
    expect([isPasskeySupported(), await isAutofillSupported()]).toEqual([false, false])
  })
})

describe('autofill', () => {
  test('waits in the list under a field, and takes a new challenge before the old one ends', async () => {
    vi.useFakeTimers()
    const { client, input } = clientWith()
    expect(await isAutofillSupported()).toBe(true)
    get.mockImplementationOnce(untilAborted()).mockImplementationOnce(untilAborted())
    const signedIn = client.signInWithPasskey({ autofill: true })
    for (let turn = 1; turn <= 2; turn++) {
      await vi.advanceTimersByTimeAsync(5 * 60_000 - 1)
      expect(get).toHaveBeenCalledTimes(turn + 1)
    }
    expect(await signedIn).toMatchObject({ kind: 'SignedIn' })
    expect(get.mock.calls.map(([{ mediation }]) => mediation)).toEqual(Array(3).fill('conditional'))
    expect(input()).toMatchObject({ challengeId: 'challenge-3' })
  })

  test('gives way to a ceremony that a person begins by a button', async () => {
    const { client } = clientWith()
    get.mockImplementationOnce(untilAborted())
    const waiting = client.signInWithPasskey({ autofill: true })
    await vi.waitFor(() => expect(get).toHaveBeenCalledTimes(1))
    expect(await client.signInWithPasskey()).toMatchObject({ kind: 'SignedIn' })
    expect(await waiting).toEqual({ kind: 'NotUsed', reason: 'ABORTED' })
    expect(get).toHaveBeenCalledTimes(2)
  })

  test('ends when the page calls it off', async () => {
    const { client } = clientWith()
    const controller = new AbortController()
    get.mockImplementation(untilAborted(() => controller.abort()))
    const outcome = await client.signInWithPasskey({ autofill: true, signal: controller.signal })
    expect(outcome).toEqual({ kind: 'NotUsed', reason: 'ABORTED' })
    expect(get).toHaveBeenCalledTimes(1)
  })
})

/** A ceremony that nobody answers. */
function untilAborted(begun: () => void = () => {}): Ceremony {
  return ({ signal }) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(domError('AbortError')))
      queueMicrotask(begun)
    })
}
