import { describe, expect, test, vi } from 'vitest'
import { createClient, gql } from '../../src/client/index.ts'
import type { ClientOptions, OperationText, Reauthentication } from '../../src/client/index.ts'

type Level = 'FRESH' | 'STRONG'
type Reply = { data?: unknown; needs?: Level[]; path?: (string | number)[]; code?: string }

/** A client of a server that answers by the operation's name and by how often that was asked. */
function clientOf(
  answer: (operation: string, times: number) => Reply | Promise<Reply>,
  options: Partial<ClientOptions> = {},
) {
  const sent: string[] = []
  const fetch = vi.fn<typeof globalThis.fetch>(async (_url, init) => {
    const { query } = JSON.parse(typeof init?.body === 'string' ? init.body : '') as { query: string }
    const name = /(?:query|mutation) (\w+)/.exec(query)?.[1] ?? query
    sent.push(name)
    const {
      data = null,
      needs = [],
      path = ['record'],
      code,
    } = await answer(name, sent.filter((one) => one === name).length)
    const errors = needs.map((level) => ({
      message: 'Prove it.',
      path,
      extensions: {
        code: 'REAUTHENTICATION_REQUIRED',
        level,
        methods: level === 'STRONG' ? ['PASSKEY'] : ['MAGIC_LINK'],
      },
    }))
    const others = code ? [{ message: code, path, extensions: { code } }] : []
    return Response.json({ data, ...(errors.length + others.length > 0 && { errors: [...errors, ...others] }) })
  })
  return { client: createClient({ url: 'https://id.example.com/graphql', fetch, ...options }), sent }
}

/** Something that is decided later. */
function later<T>() {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((done) => (resolve = done))
  return { promise, resolve }
}

const once = (refused: Reply, passed: unknown) => (_name: string, times: number) =>
  times === 1 ? refused : { data: passed }
const RECORD = { record: { id: 'record_1', secret: 'secret' } }
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('onReauthenticationRequired', () => {
  test('is told the level and the methods, and once the proof is given the operation is sent once more', async () => {
    const prompt = vi.fn<(needed: Reauthentication) => boolean>(() => true)
    const { client, sent } = clientOf(once({ needs: ['FRESH'] }, RECORD), { onReauthenticationRequired: prompt })
    expect(await client.recordWithSecret('record_1')).toEqual(RECORD.record)
    expect(sent).toEqual(['RecordWithSecret', 'RecordWithSecret'])
    expect(prompt).toHaveBeenCalledOnce()
    expect(prompt.mock.calls[0]?.[0]).toMatchObject({ level: 'FRESH', methods: ['MAGIC_LINK'] })
  })

  test.each([false, undefined])('the refusal is thrown as it is where the proof was put off: %s', async (outcome) => {
    const options = outcome === false ? { onReauthenticationRequired: () => Promise.resolve(false) } : {}
    const { client, sent } = clientOf(once({ needs: ['FRESH'] }, RECORD), options)
    await expect(client.recordWithSecret('record_1')).rejects.toMatchObject({
      code: 'REAUTHENTICATION_REQUIRED',
      level: 'FRESH',
    })
    expect(sent).toHaveLength(1)
  })

  test('a second refusal is thrown: there is no third try, and no second prompt', async () => {
    const prompt = vi.fn(() => true)
    const { client, sent } = clientOf(() => ({ needs: ['FRESH'] }), { onReauthenticationRequired: prompt })
    await expect(client.recordWithSecret('record_1')).rejects.toMatchObject({ code: 'REAUTHENTICATION_REQUIRED' })
    expect([sent.length, prompt.mock.calls.length]).toEqual([2, 1])
  })

  test('no other refusal calls it', async () => {
    const prompt = vi.fn(() => true)
    const { client } = clientOf(() => ({ code: 'NOT_FOUND' }), { onReauthenticationRequired: prompt })
    await expect(client.record('record_1')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(prompt).not.toHaveBeenCalled()
  })

  test('what it throws is thrown', async () => {
    const fault = new Error('The dialog broke.')
    const onReauthenticationRequired = () => Promise.reject(fault)
    const { client } = clientOf(once({ needs: ['FRESH'] }, RECORD), { onReauthenticationRequired })
    await expect(client.recordWithSecret('record_1')).rejects.toBe(fault)
  })

  test('a refusal beside a part of an answer counts too, in every way to ask', async () => {
    const part = {
      data: { record: { id: 'record_1', secret: null } },
      needs: ['FRESH'] as Level[],
      path: ['record', 'secret'],
    }
    const make = () => clientOf(once(part, RECORD), { onReauthenticationRequired: () => true }).client
    const document = 'query Own { record(id: "record_1") { id secret } }'
    expect(await make().request(document)).toEqual(RECORD)
    expect(await make().tryRequest(document)).toEqual({ data: RECORD, errors: [] })
    expect(await make().recordWithSecret('record_1')).toEqual(RECORD.record)
  })

  test('of several levels in one answer the highest is asked for', async () => {
    const prompt = vi.fn<(needed: Reauthentication) => boolean>(() => true)
    const { client } = clientOf(once({ needs: ['FRESH', 'STRONG', 'FRESH'] }, RECORD), {
      onReauthenticationRequired: prompt,
    })
    await client.record('record_1')
    expect(prompt.mock.calls.map(([{ level, methods }]) => [level, methods])).toEqual([['STRONG', ['PASSKEY']]])
  })

  test('operations that are refused at the same time share one prompt, and each is sent once more', async () => {
    const proved = later<boolean>()
    const prompt = vi.fn(() => proved.promise)
    let isProved = false
    const { client, sent } = clientOf(() => (isProved ? { data: RECORD } : { needs: ['FRESH'] }), {
      onReauthenticationRequired: prompt,
    })
    const all = Promise.all(Array.from({ length: 20 }, () => client.recordWithSecret('record_1')))
    await settled()
    isProved = true
    proved.resolve(true)
    expect(await all).toHaveLength(20)
    expect([prompt.mock.calls.length, sent.length]).toEqual([1, 40])
  })

  test('put off, it is put off for all that waited for it; what comes later asks anew', async () => {
    const proved = later<boolean>()
    const prompt = vi.fn(() => proved.promise)
    const { client } = clientOf(() => ({ needs: ['FRESH'] }), { onReauthenticationRequired: prompt })
    const all = Promise.allSettled(Array.from({ length: 5 }, () => client.recordWithSecret('record_1')))
    await settled()
    proved.resolve(false)
    expect((await all).map(({ status }) => status)).toEqual(Array(5).fill('rejected'))
    expect(prompt).toHaveBeenCalledTimes(1)
    await expect(client.recordWithSecret('record_1')).rejects.toMatchObject({ code: 'REAUTHENTICATION_REQUIRED' })
    expect(prompt).toHaveBeenCalledTimes(2)
  })

  test('an operation that was on its way during the proof is sent again without a further prompt', async () => {
    const slow = later<Reply>()
    const prompt = vi.fn(() => true)
    const { client } = clientOf(
      (name, times) => (times > 1 ? { data: RECORD } : name === 'Slow' ? slow.promise : { needs: ['FRESH'] }),
      { onReauthenticationRequired: prompt },
    )
    const late = client.request('query Slow { record(id: "record_1") { secret } }')
    await client.recordWithSecret('record_1')
    slow.resolve({ needs: ['FRESH'] })
    expect(await late).toEqual(RECORD)
    expect(prompt).toHaveBeenCalledTimes(1)
  })

  test('what needs more than is being asked for has a prompt of its own afterwards: never two at once', async () => {
    const open: string[] = []
    let most = 0
    const asked: string[] = []
    const onReauthenticationRequired = async ({ level }: Reauthentication) => {
      asked.push(level)
      open.push(level)
      most = Math.max(most, open.length)
      await settled()
      open.pop()
      return true
    }
    const { client } = clientOf(
      (name, times) => (times > 1 ? { data: {} } : { needs: [name === 'Strong' ? 'STRONG' : 'FRESH'] }),
      { onReauthenticationRequired },
    )
    await Promise.all([client.request('query Fresh { a }'), client.request('query Strong { b }')])
    expect([asked, most]).toEqual([['FRESH', 'STRONG'], 1])
  })

  test('a caller who calls the operation off no longer waits for the prompt', async () => {
    const { client } = clientOf(() => ({ needs: ['FRESH'] }), {
      onReauthenticationRequired: () => new Promise<boolean>(() => {}),
    })
    const controller = new AbortController()
    const waiting = client.request('query Own { a }', {}, { signal: controller.signal })
    await settled()
    controller.abort()
    await expect(waiting).rejects.toBe(controller.signal.reason)
  })
})

describe('the client that a prompt is given', () => {
  test('proves, and what the proof itself sends waits for nothing', async () => {
    const { client, sent } = clientOf(
      (name, times) => {
        if (name === 'ReauthenticateWithCode') return { data: { reauthenticateWithCode: { level: 'FRESH' } } }
        if (name === 'RequestReauthenticationCode')
          return { data: { requestReauthenticationCode: { message: 'Sent.' } } }
        return times === 1 ? { needs: ['FRESH'] } : { data: RECORD }
      },
      {
        onReauthenticationRequired: async ({ client: inside }) => {
          await inside.requestReauthenticationCode()
          await inside.reauthenticateWithCode({ code: '123456' })
          return true
        },
      },
    )
    expect(await client.recordWithSecret('record_1')).toEqual(RECORD.record)
    expect(sent).toEqual([
      'RecordWithSecret',
      'RequestReauthenticationCode',
      'ReauthenticateWithCode',
      'RecordWithSecret',
    ])
  })

  test('is refused at once where what it asks for needs a proof, too', async () => {
    const prompt = vi.fn(async ({ client: inside }: Reauthentication) => {
      await expect(inside.recordWithSecret('record_2')).rejects.toMatchObject({ code: 'REAUTHENTICATION_REQUIRED' })
      return false
    })
    const { client } = clientOf(() => ({ needs: ['FRESH'] }), { onReauthenticationRequired: prompt })
    await expect(client.recordWithSecret('record_1')).rejects.toMatchObject({ code: 'REAUTHENTICATION_REQUIRED' })
    expect(prompt).toHaveBeenCalledOnce()
  })
})

describe('a mutation is not done twice', () => {
  const own = (text: string) =>
    gql`
      ${text}
    ` as OperationText<unknown, Record<string, unknown>>
  const attempt = async (document: string, refused: Reply) => {
    const prompt = vi.fn(() => true)
    const { client, sent } = clientOf(once(refused, {}), { onReauthenticationRequired: prompt })
    await client.tryRequest(own(document))
    return [prompt.mock.calls.length, sent.length]
  }

  test.each([
    'mutation Own { removeDevice(id: "passkey_1") { id } }',
    'mutation Own($id: ID! = "}{") @x { gone: removeDevice(id: $id, a: { b: "{" }) @include(if: true) { ...F } } fragment F on Passkey { id name }',
    'fragment F on Passkey { id } mutation Own { # { two: fields }\n removeDevice(id: "\\"{ a b") { ...F } }',
    'mutation Own { logout }',
  ])('whose one field was refused it is sent again: %s', async (document) => {
    expect(await attempt(document, { needs: ['STRONG'], path: ['removeDevice'] })).toEqual([1, 2])
  })

  test('whose answer was refused in part it is not: it was done', async () => {
    const document = 'mutation Own { createRecord(input: { collection: "notes" }) { id secret } }'
    const data = { createRecord: { id: 'record_1', secret: null } }
    expect(await attempt(document, { data, needs: ['FRESH'], path: ['createRecord', 'secret'] })).toEqual([0, 1])
  })

  test.each([
    'mutation Own { createRecord(input: {}) { id } removeDevice(id: "1") { id } }',
    'mutation Own { a: createRecord(input: {}) { id } b: removeDevice(id: "1") { id } }',
    'mutation Own { ...F } fragment F on Mutation { createRecord(input: {}) { id } removeDevice(id: "1") { id } }',
    'mutation Own { logout ... on Mutation { removeDevice(id: "1") { id } } }',
  ])('that has more fields it is not: one of them may have been done: %s', async (document) => {
    expect(await attempt(document, { needs: ['STRONG'], path: ['removeDevice'] })).toEqual([0, 1])
  })
})

test('an operation that was on its way while the session got another cookie is sent again, and nobody is sent to sign in', async () => {
  const slow = later<Reply>()
  const onUnauthenticated = vi.fn()
  const { client } = clientOf(
    (name, times) => {
      if (name === 'ReauthenticateWithCode') return { data: { reauthenticateWithCode: { level: 'FRESH' } } }
      return times === 1 ? slow.promise : { data: { sessions: [] } }
    },
    { onUnauthenticated },
  )
  const late = client.sessions()
  await client.reauthenticateWithCode({ code: '123456' })
  slow.resolve({ code: 'UNAUTHENTICATED', path: ['sessions'] })
  expect(await late).toEqual([])
  expect(onUnauthenticated).not.toHaveBeenCalled()
})

test('an operation that is refused before the answer with the new cookie has come waits for that, and is sent again', async () => {
  const proof = later<Reply>()
  const onUnauthenticated = vi.fn()
  const { client } = clientOf(
    (name, times) => {
      if (name === 'ReauthenticateWithCode') return proof.promise
      return times === 1 ? { code: 'UNAUTHENTICATED', path: ['sessions'] } : { data: { sessions: [] } }
    },
    { onUnauthenticated },
  )
  const proved = client.reauthenticateWithCode({ code: '123456' })
  const early = client.sessions()
  // The refusal is read before the proof is answered.
  await new Promise((resolve) => setImmediate(resolve))
  proof.resolve({ data: { reauthenticateWithCode: { level: 'FRESH' } } })
  await proved
  expect(await early).toEqual([])
  expect(onUnauthenticated).not.toHaveBeenCalled()
})
