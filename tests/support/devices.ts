import { onTestFinished } from 'vitest'
import {
  createClient,
  fetchWithCookies,
  type ClientOptions,
  type LatchkeyClient,
  type SetupSteps,
} from '../../src/client/index.ts'
import { startTestApp } from './app.ts'
import type { TestApp } from './app.ts'
import { isSignInMail, tokenIn } from './mailbox.ts'
import { siteOf } from './passkeys.ts'
import { newAddress } from './people.ts'

/** A server whose limits do not bite, for stories of many requests. */
export async function startRoomyApp(env: Record<string, string> = {}): Promise<TestApp> {
  const app = await startTestApp({ env: { RATE_LIMIT_SCALE: '1000', ...env } })
  onTestFinished(() => app.close())
  return app
}

/** The network between a device and the server, as a test wants it. */
export type Network = (send: typeof fetch) => typeof fetch

/** What a request of the SDK's asks for. */
export function operationIn(init: RequestInit | undefined): { name: string; variables: unknown; text: string } {
  if (typeof init?.body !== 'string') throw new Error('The SDK sends its requests as text.')
  const { query, variables } = JSON.parse(init.body) as { query: string; variables: unknown } // as send.ts writes it
  return { name: /(?:query|mutation) (\w+)/.exec(query)?.[1] ?? '', variables, text: init.body }
}

type DeviceOptions = Partial<Pick<ClientOptions, 'encryption' | 'onReauthenticationRequired'>> & { network?: Network }

/** A device of somebody's, signed in by mail: the SDK, as a script uses it. */
export async function signInDevice(
  app: TestApp,
  email = newAddress(),
  { network = (send) => send, ...options }: DeviceOptions = {},
): Promise<LatchkeyClient> {
  const send = network(fetchWithCookies({ origin: siteOf(app) }))
  const client = createClient({ url: new URL('/graphql', app.url).href, fetch: send, ...options })
  const sent = app.mailbox.mails.filter((mail) => mail.to === email && isSignInMail(mail)).length
  await client.requestMagicLink({ email })
  const mail = await app.mailbox.latest(email, sent + 1, isSignInMail)
  const signedIn = await client.verifyMagicLink({ token: tokenIn(mail) })
  if (signedIn.__typename !== 'SignedIn') throw new Error(`Signing in came to ${signedIn.__typename}.`)
  return client
}

export const PASSPHRASE = 'tundra violet kettle oxidize hammock plywood'

/** Somebody who sets encryption up without a slip. `codes` takes what they write down. */
export function steadyPerson(passphrase = PASSPHRASE, codes: string[] = []): SetupSteps {
  return {
    explain: () => true,
    choosePassphrase: () => passphrase,
    showCodes: (shown) => {
      codes.splice(0, codes.length, ...shown.codes)
      return true
    },
    typeBack: ({ positions }) => positions.map((position) => codes[position - 1] ?? ''),
  }
}

/** A device whose owner has switched encryption on; it is unlocked. */
export async function encryptedDevice(app: TestApp, email = newAddress(), options: DeviceOptions = {}) {
  const client = await signInDevice(app, email, options)
  const codes: string[] = []
  const done = await client.encryption.setup(steadyPerson(PASSPHRASE, codes))
  if (done.kind !== 'Enabled') throw new Error(`Setting up came to ${done.kind}.`)
  return { client, email, codes }
}

/** Another device of the same person, unlocked. */
export async function unlockedDevice(
  app: TestApp,
  email: string,
  options: DeviceOptions & { passphrase?: string } = {},
) {
  const { passphrase = PASSPHRASE, ...rest } = options
  const client = await signInDevice(app, email, rest)
  await client.encryption.unlock({ passphrase })
  return client
}
