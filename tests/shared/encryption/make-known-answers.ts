// npx tsx tests/shared/encryption/make-known-answers.ts > tests/shared/encryption/known-answers.json
//
// Wrote known-answers.json, once: envelopes of each kind with the secrets that open them. They stand for what people keep
// in their databases, so they are never written anew; a new form of an envelope gets a file beside this one.
import { v7 as uuidv7 } from 'uuid'
import { p2sOf } from '../../../src/client/encryption/derive.ts'
import { makeVault } from '../../../src/client/encryption/make-vault.ts'
import { sealToPublicKey } from '../../../src/client/encryption/record-envelopes.ts'
import { rotated, sealedKeys, sealedSlot } from '../../client/encryption/account.ts'

const user = uuidv7()
const email = 'ada@example.com'
const passphrase = 'Café tarnish gopher quilt'
const prf = () => Uint8Array.from({ length: 32 }, (_, index) => index)
const value = { text: 'Grüße, 世界 🔑', number: 1.5, list: [true, null] }

const vault = makeVault()
const made = await vault.make({ user, email, passphrase, generation: 1, ringRevision: 1 })
const first = sealedKeys(made, { generation: 1, ringRevision: 1 })
const opener = { kind: 'PASSPHRASE', passphrase } as const
await vault.unlock({ user, keys: first, opener, seen: null })
const [old, current, forPublicKey] = [uuidv7(), uuidv7(), uuidv7()]
const [underRetired] = await vault.encrypt([{ record: old, revision: 3, value }])
const passkeyId = `passkey_${uuidv7()}`
const passkey = await vault.sealForPasskey({ keys: first, opener, passkeyId, prf: prf(), again: prf() })
const slots = [...first.slots.slice(0, 2), sealedSlot(passkey)]
const keys = { ...rotated(first, await vault.rotateRecordKey({ keys: first })), slots }
await vault.follow({ keys, seen: null })
const [underCurrent] = await vault.encrypt([{ record: current, revision: 1, value }])
const records = [
  { record: old, revision: 3, envelope: underRetired, verified: true },
  { record: current, revision: 1, envelope: underCurrent, verified: true },
  {
    record: forPublicKey,
    revision: 2,
    envelope: await sealToPublicKey(keys.publicKey, user, { record: forPublicKey, revision: 2 }, value),
    verified: false,
  },
]
const p2s = Buffer.from(await p2sOf(email, keys.keySalt)).toString('base64url')
const verifier = made.slots[1]?.verifier
const secrets = { passphrase, code: made.codes[0], prf: Buffer.from(prf()).toString('base64url') }
console.log(JSON.stringify({ user, email, secrets, keys, p2s, verifier, value, records }, null, 2))
