import type { Ask } from '../ask.ts'
import {
  BeginPasskeyReauthenticationDocument,
  CompletePasskeyReauthenticationDocument,
  type SessionFieldsFragment,
} from '../generated/graphql.ts'
import { usePasskey, type NotUsed } from '../passkeys.ts'

/** `output` is what the passkey's PRF extension gave, or null; whoever takes it fills it with zeros. */
export type Touched = {
  kind: 'Touched'
  session: SessionFieldsFragment
  credentialId: string
  output: Uint8Array | null
}

type Options = {
  signal?: AbortSignal | undefined
  /** The one passkey to use; any of the account's where it is left out. */
  credentialId?: string | undefined
  /** Whether to ask for what unlocks. */
  prf?: boolean
}

/** One touch that proves the session again and gives what unlocks. */
export async function proveWithPrf(
  ask: Ask,
  { signal, credentialId, prf: asked = true }: Options = {},
): Promise<Touched | NotUsed> {
  const begin = async () =>
    (await ask(BeginPasskeyReauthenticationDocument, {}, { signal })).beginPasskeyReauthentication
  const used = await usePasskey(begin, { signal, credentialId, prf: asked })
  if (used.kind === 'NotUsed') return used
  const { challengeId, response, prf } = used
  try {
    const { completePasskeyReauthentication: session } = await ask(
      CompletePasskeyReauthenticationDocument,
      { input: { challengeId, response } },
      { signal },
    )
    return { kind: 'Touched', session, credentialId: used.credentialId, output: prf.output }
  } catch (error) {
    prf.output?.fill(0)
    throw error
  }
}
