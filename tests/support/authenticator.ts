import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server'
import { isoCBOR } from '@simplewebauthn/server/helpers'

/** A key on an authenticator. `counter` is what the next signature counts from; 0 for ever where it keeps none. */
export type Credential = {
  id: Buffer
  rpId: string
  userHandle: Buffer
  algorithm: Algorithm
  privateKey: KeyObject
  publicKey: Uint8Array
  counter: number
}

/** COSE's numbers: ES256, EdDSA, RS256, and ES384, which the server does not ask for. */
export type Algorithm = -7 | -8 | -257 | -35

/** What an authenticator, or the page before it, does otherwise than it should. */
export type Deviations = {
  /** What the page's own browser would write into clientDataJSON. */
  origin?: string
  type?: string
  challenge?: string
  crossOrigin?: boolean
  topOrigin?: string
  /** Hashed into the authenticator's data instead of the one that was asked for. */
  rpId?: string
  /** Flags of the authenticator's data: present, verified; may be backed up, is. */
  up?: boolean
  uv?: boolean
  be?: boolean
  bs?: boolean
  counter?: number
  /** Signs other bytes than those that it hands over. */
  badSignature?: boolean
  algorithm?: Algorithm
  aaguid?: string
  transports?: string[]
  /** The same id as a credential that is there already. */
  credentialId?: Buffer
  /** An attestation statement that was not asked for. */
  attestation?: { fmt: string; attStmt: Map<string, unknown> }
  userHandle?: Buffer | null
  clientExtensionResults?: Record<string, unknown>
}

/** A passkey provider made of software: it holds keys, and does the wrong thing when a test asks for it. */
export type Authenticator = {
  credentials: Credential[]
  create(options: PublicKeyCredentialCreationOptionsJSON, deviations?: Deviations): RegistrationResponseJSON
  /** Signs with the first of its credentials that the options allow, or with the one that is named. */
  get(
    options: PublicKeyCredentialRequestOptionsJSON,
    deviations?: Deviations & { credential?: Credential },
  ): AuthenticationResponseJSON
}

type Model = Pick<Deviations, 'aaguid' | 'transports' | 'algorithm' | 'be' | 'bs'> & {
  /** Whether it counts its signatures. Those that are synced between devices do not. */
  counts?: boolean
}

const ANONYMOUS = '00000000-0000-0000-0000-000000000000'

/** An authenticator that is used on the pages of an origin. */
export function makeAuthenticator(origin: string, { counts = false, ...model }: Model = {}): Authenticator {
  const credentials: Credential[] = []
  return {
    credentials,
    create(options, deviations = {}) {
      const does = { origin, ...model, ...deviations }
      const credential = makeCredential(options, does)
      credentials.push(credential)
      if (counts) credential.counter += 1
      const authData = Buffer.concat([authenticatorData(credential, does, true), attestedData(credential, does)])
      const { fmt, attStmt } = does.attestation ?? { fmt: 'none', attStmt: new Map() }
      const attestationObject = isoCBOR.encode(
        new Map<string, unknown>([
          ['fmt', fmt],
          ['attStmt', attStmt],
          ['authData', new Uint8Array(authData)],
        ]) as Parameters<typeof isoCBOR.encode>[0],
      )
      return {
        ...envelope(credential, does),
        response: {
          clientDataJSON: base64url(clientData('webauthn.create', options.challenge, does)),
          attestationObject: base64url(attestationObject),
          transports: does.transports ?? ['internal', 'hybrid'],
        },
      }
    },
    get(options, { credential: named, ...deviations } = {}) {
      const does = { origin, ...model, ...deviations }
      const allowed = options.allowCredentials?.map(({ id }) => id) ?? []
      const mayUse = ({ id }: Credential) => allowed.length === 0 || allowed.includes(base64url(id))
      const credential = named ?? credentials.find(mayUse)
      if (!credential) throw new Error('This authenticator holds no passkey that the options allow.')
      if (counts) credential.counter += 1
      const authData = authenticatorData(credential, does, false)
      const clientDataJSON = clientData('webauthn.get', options.challenge, does)
      const signed = Buffer.concat([authData, sha256(clientDataJSON)])
      const { userHandle = credential.userHandle } = does
      return {
        ...envelope(credential, does),
        response: {
          clientDataJSON: base64url(clientDataJSON),
          authenticatorData: base64url(authData),
          signature: base64url(signatureOf(credential, does.badSignature ? Buffer.concat([signed, signed]) : signed)),
          ...(userHandle && { userHandle: base64url(userHandle) }),
        },
      }
    },
  }
}

function makeCredential(options: PublicKeyCredentialCreationOptionsJSON, does: Deviations): Credential {
  const algorithm = does.algorithm ?? -7
  return {
    id: does.credentialId ?? randomBytes(32),
    rpId: options.rp.id ?? '',
    userHandle: Buffer.from(options.user.id, 'base64url'),
    algorithm,
    ...keyPair(algorithm),
    counter: 0,
  }
}

/** WebAuthn level 3, section 6.1: the hash of the RP ID, the flags, the counter. */
function authenticatorData(credential: Credential, does: Deviations, isAttested: boolean): Buffer {
  const { up = true, uv = true, be = true, bs = be } = does
  const flags = (up ? 0x01 : 0) | (uv ? 0x04 : 0) | (be ? 0x08 : 0) | (bs ? 0x10 : 0) | (isAttested ? 0x40 : 0)
  const rest = Buffer.alloc(5)
  rest.writeUInt8(flags, 0)
  rest.writeUInt32BE(does.counter ?? credential.counter, 1)
  return Buffer.concat([sha256(Buffer.from(does.rpId ?? credential.rpId)), rest])
}

/** Section 6.5.1: the model, the credential's id and its public key. */
function attestedData({ id, publicKey }: Credential, { aaguid = ANONYMOUS }: Deviations): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(id.length)
  return Buffer.concat([Buffer.from(aaguid.replaceAll('-', ''), 'hex'), length, id, publicKey])
}

function clientData(type: string, challenge: string, does: Deviations & { origin: string }): Buffer {
  const { origin, crossOrigin = false, topOrigin } = does
  const written = { type: does.type ?? type, challenge: does.challenge ?? challenge, origin, crossOrigin }
  return Buffer.from(JSON.stringify({ ...written, ...(topOrigin && { topOrigin }) }))
}

function envelope({ id }: Credential, { clientExtensionResults = {} }: Deviations) {
  const text = base64url(id)
  return {
    id: text,
    rawId: text,
    type: 'public-key',
    authenticatorAttachment: 'platform',
    clientExtensionResults,
  } as const
}

function keyPair(algorithm: Algorithm): Pick<Credential, 'privateKey' | 'publicKey'> {
  const { privateKey, publicKey } = makeKeys(algorithm)
  const { x = '', y = '', n = '', e = '' } = publicKey.export({ format: 'jwk' })
  const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64url'))
  // RFC 9053, section 7, and RFC 8230, section 4: kind of key, algorithm, curve, and the numbers themselves.
  const members: Record<Algorithm, [number, number | Uint8Array][]> = {
    [-7]: [[1, 2], [3, -7], [-1, 1], [-2, bytes(x)], [-3, bytes(y)]],
    [-35]: [[1, 2], [3, -35], [-1, 2], [-2, bytes(x)], [-3, bytes(y)]],
    [-8]: [[1, 1], [3, -8], [-1, 6], [-2, bytes(x)]],
    [-257]: [[1, 3], [3, -257], [-1, bytes(n)], [-2, bytes(e)]],
  } // prettier-ignore
  return { privateKey, publicKey: isoCBOR.encode(new Map(members[algorithm])) }
}

function makeKeys(algorithm: Algorithm): { privateKey: KeyObject; publicKey: KeyObject } {
  switch (algorithm) {
    case -7:
      return generateKeyPairSync('ec', { namedCurve: 'P-256' })
    case -35:
      return generateKeyPairSync('ec', { namedCurve: 'P-384' })
    case -8:
      return generateKeyPairSync('ed25519')
    case -257:
      return generateKeyPairSync('rsa', { modulusLength: 2048 })
  }
}

function signatureOf({ algorithm, privateKey }: Credential, data: Buffer): Buffer {
  if (algorithm === -8) return sign(null, data, privateKey)
  return sign(algorithm === -35 ? 'sha384' : 'sha256', data, privateKey)
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest()
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}
