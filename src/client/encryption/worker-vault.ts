import { wipe } from './bytes.ts'
import { jsonOf } from './json-of.ts'
import { locked } from './locked.ts'
import { receiveError } from './vault-messages.ts'
import type { VaultAnswer, VaultCall, VaultCallName } from './vault-messages.ts'
import type { Opener, Vault } from './vault.ts'

/** As much of a Worker as the page's side needs. */
export type WorkerLike = {
  postMessage(call: VaultCall): void
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void
  addEventListener(type: 'error' | 'messageerror', listener: () => void): void
  terminate(): unknown
}

type Input<TName extends VaultCallName> = Parameters<Vault[TName]>[0]
type Answer<TName extends VaultCallName> = Awaited<ReturnType<Vault[TName]>>
type Pending = { resolve(value: unknown): void; reject(error: Error): void }
type Running = { worker: WorkerLike; pending: Map<number, Pending> }

// These bring their secret along. The others need a vault that is unlocked, so one whose Worker runs.
const STARTING: ReadonlySet<VaultCallName> = new Set(['make', 'unlock', 'verifierOfCode', 'verifierOfAnswers'])

/**
 * The page's side of a vault in a Worker, which is started when it is first needed. Locking ends it, and with it all
 * that it holds and does: whoever still waits for an answer gets ENCRYPTION_LOCKED.
 */
export function workerVault(startWorker: () => WorkerLike): Vault {
  let running: Running | null = null
  let lastId = 0

  function start(): Running {
    const worker = startWorker()
    const started: Running = { worker, pending: new Map() }
    worker.addEventListener('message', ({ data }) => settle(started.pending, data as VaultAnswer)) // our own Worker's
    for (const type of ['error', 'messageerror'] as const) worker.addEventListener(type, () => end(started))
    return started
  }

  function end(ended: Running): void {
    if (running === ended) running = null
    ended.worker.terminate()
    for (const { reject } of ended.pending.values()) reject(locked())
    ended.pending.clear()
  }

  async function call<TName extends VaultCallName>(name: TName, input: Input<TName>): Promise<Answer<TName>> {
    if (!running && !STARTING.has(name)) throw locked()
    const { worker, pending } = (running ??= start())
    const id = (lastId += 1)
    const answer = new Promise<unknown>((resolve, reject) => {
      worker.postMessage({ id, name, input })
      pending.set(id, { resolve, reject })
    })
    return (await answer) as Answer<TName> // by the Vault at the other end
  }

  /** What was sent is a copy: the page's own secrets have served. */
  function callAndWipe<TName extends VaultCallName>(name: TName, input: Input<TName>, secrets: readonly Uint8Array[]) {
    const answer = call(name, input)
    wipe(...secrets)
    return answer
  }

  return {
    make: (input) => call('make', input),
    unlock: (input) => callAndWipe('unlock', input, secretsOf(input.opener)),
    follow: (input) => call('follow', input),
    lock: async () => {
      if (running) end(running)
    },
    state: async () => (running ? call('state', undefined) : null),
    // As JSON holds them: a copy for the Worker would lose what a value's own toJSON says, and refuse what JSON leaves out.
    encrypt: async (items) =>
      call(
        'encrypt',
        items.map(({ value, ...item }) => ({ ...item, value: JSON.parse(jsonOf(value)) as unknown })),
      ),
    decrypt: (items) => call('decrypt', items),
    reencrypt: (items) => call('reencrypt', items),
    rotateRecordKey: (input) => call('rotateRecordKey', input),
    rotateMasterKey: (input) =>
      callAndWipe('rotateMasterKey', input, [...secretsOf(input.opener), ...input.passkeys.map(({ prf }) => prf)]),
    sealForPassphrase: (input) => callAndWipe('sealForPassphrase', input, secretsOf(input.opener)),
    sealForPasskey: (input) =>
      callAndWipe('sealForPasskey', input, [...secretsOf(input.opener), input.prf, input.again]),
    sealForCodes: (input) => callAndWipe('sealForCodes', input, secretsOf(input.opener)),
    sealForQuestions: (input) => callAndWipe('sealForQuestions', input, secretsOf(input.opener)),
    verifierOfCode: (input) => call('verifierOfCode', input),
    verifierOfAnswers: (input) => call('verifierOfAnswers', input),
  }
}

function settle(pending: Map<number, Pending>, answer: VaultAnswer): void {
  const waiting = pending.get(answer.id)
  pending.delete(answer.id)
  if (answer.ok) waiting?.resolve(answer.value)
  else waiting?.reject(receiveError(answer.error))
}

const secretsOf = (opener: Opener): Uint8Array[] => (opener.kind === 'PASSKEY' ? [opener.prf] : [])
