// npx tsx tests/shared/encryption/make-known-answers-questions.ts > tests/shared/encryption/known-answers-questions.json
//
// Wrote known-answers-questions.json, once: the slots of security questions, and the answers that open them. Like the
// others they stand for what people keep in their databases, and are never written anew.
import { v7 as uuidv7 } from 'uuid'
import { makeVault } from '../../../src/client/encryption/make-vault.ts'
import { sealedKeys, sealedSlot } from '../../client/encryption/account.ts'

const user = uuidv7()
const passphrase = 'tarnish gopher quilt envelope'
const answers = ['Große Straße 17', 'Fräulein Šimůnková', 'ΟΔΥΣΣΕΥΣ, της Ιθάκης']
const value = { text: 'Grüße, 世界 🔑', number: 1.5, list: [true, null] }

const vault = makeVault()
const made = await vault.make({ user, email: 'ada@example.com', passphrase, generation: 1, ringRevision: 1 })
const first = sealedKeys(made, { generation: 1, ringRevision: 1 })
const opener = { kind: 'PASSPHRASE', passphrase } as const
await vault.unlock({ user, keys: first, opener, seen: null })
const record = uuidv7()
const [envelope] = await vault.encrypt([{ record, revision: 1, value }])
const { salt, pairs } = await vault.sealForQuestions({ keys: first, opener, answers })
const keys = { ...first, slots: pairs.map(({ slot }) => sealedSlot(slot)) }
const verifiers = pairs.map(({ slot }) => slot.verifier)
const places = pairs.map((pair) => [pair.first, pair.second])
console.log(JSON.stringify({ user, answers, salt, keys, pairs: places, verifiers, value, record, envelope }, null, 2))
