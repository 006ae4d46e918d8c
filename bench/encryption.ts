import { compactDecrypt, CompactEncrypt } from 'jose'
import { v7 as uuidv7 } from 'uuid'
import { makeVault } from '../src/client/encryption/make-vault.ts'
import type { Opener, SealedKeys, Vault } from '../src/client/encryption/vault.ts'
import type { Settings } from './support/settings.ts'
import { spreadOf } from './support/spread.ts'
import type { Spread } from './support/spread.ts'
import { ratioLine } from './support/table.ts'
import type { Line } from './support/table.ts'

// Rates of two cores, as people feel them; and ratios to the floor beside them, which hold on any machine: jose alone,
// and PBKDF2 alone.
const LEAST_A_SECOND = 4_000
const LEAST_OF_JOSE = 0.6
const LEAST_OF_PBKDF2 = 0.7
const ROUNDS = 600_000
const MOST_SECONDS = 0.5
const BATCH = 100
const VALUE_LETTERS = 1_000 // with its name about 1 KB of JSON
const EMAIL = 'ada@example.com'
const PASSPHRASE = 'tarnish gopher quilt envelope'

/** What a client does in Node: values of 1 KB, a hundred at a time, and the whole of an unlocking by passphrase. */
export async function measureEncryption({ pairs, roundSeconds }: Settings): Promise<Line[]> {
  const { vault, user, keys } = await makeAccount()
  const opener: Opener = { kind: 'PASSPHRASE', passphrase: PASSPHRASE }
  const unlocking = await inPairs(pairs, {
    ours: () => perSecond(() => vault.unlock({ user, keys, opener, seen: null })),
    floor: () => perSecond(derive),
  })
  const items = Array.from({ length: BATCH }, () => ({
    record: uuidv7(),
    revision: 1,
    value: { text: 'x'.repeat(VALUE_LETTERS) },
  }))
  const envelopes = await vault.encrypt(items)
  const sealed = items.map(({ record, revision }, index) => ({ record, revision, envelope: envelopes[index] ?? '' }))
  const bare = await makeBare(envelopes[0] ?? '')
  const encrypting = await inPairs(pairs, {
    ours: () => rateOf(() => vault.encrypt(items), roundSeconds),
    floor: () => rateOf(bare.encrypt, roundSeconds),
  })
  const decrypting = await inPairs(pairs, {
    ours: () => rateOf(() => decryptAll(vault, sealed), roundSeconds),
    floor: () => rateOf(bare.decrypt, roundSeconds),
  })
  const seconds = 1 / unlocking.ours.median
  const line = { database: '', cpuRatio: null }
  return [
    rateLine('encryption: values of 1 KB encrypted', encrypting.ours),
    ratioLine({ ...line, name: '  against jose alone', ratio: encrypting.ratio }, LEAST_OF_JOSE),
    rateLine('encryption: values of 1 KB decrypted', decrypting.ours),
    ratioLine({ ...line, name: '  against jose alone', ratio: decrypting.ratio }, LEAST_OF_JOSE),
    {
      name: 'encryption: unlocking by passphrase',
      database: '',
      measured: `${seconds.toFixed(2)} s`,
      target: `< ${MOST_SECONDS} s`,
      ok: seconds < MOST_SECONDS,
    },
    ratioLine({ ...line, name: '  against PBKDF2 alone', ratio: unlocking.ratio }, LEAST_OF_PBKDF2),
  ]
}

/** What unlocking cannot do without. */
async function derive(): Promise<void> {
  const secret = await crypto.subtle.importKey('raw', Buffer.from(PASSPHRASE), 'PBKDF2', false, ['deriveBits'])
  const by = { name: 'PBKDF2', hash: 'SHA-512', salt: new Uint8Array(32), iterations: ROUNDS }
  await crypto.subtle.deriveBits(by, secret, 256)
}

/** The same envelopes by jose alone, without a check, a context or a word of JSON; as many at once as a client. */
async function makeBare(envelope: string) {
  const [encodedHeader = ''] = envelope.split('.')
  const header = JSON.parse(Buffer.from(encodedHeader, 'base64url').toString()) as { alg: string; enc: string } // as made
  const key = await crypto.subtle.generateKey({ name: 'AES-KW', length: 256 }, true, ['wrapKey', 'unwrapKey'])
  const plaintext = new Uint8Array(1024)
  const encrypt = () => new CompactEncrypt(plaintext).setProtectedHeader(header).encrypt(key, { crit: { ctx: true } })
  const all = Array.from({ length: BATCH })
  const envelopes = await Promise.all(all.map(encrypt))
  return {
    encrypt: () => Promise.all(all.map(encrypt)),
    decrypt: () => Promise.all(envelopes.map((one) => compactDecrypt(one, key, { crit: { ctx: true } }))),
  }
}

async function makeAccount(): Promise<{ vault: Vault; user: string; keys: SealedKeys }> {
  const vault = makeVault()
  const user = uuidv7()
  const counts = { generation: 1, ringRevision: 1 }
  const { slots, ...made } = await vault.make({ user, email: EMAIL, passphrase: PASSPHRASE, ...counts })
  const [header = ''] = made.encryptedPrivateKey.split('.')
  const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string } // as the ring is made
  return { vault, user, keys: { ...made, ...counts, keyId: kid, slots: slots.map(asKept) } }
}

const asKept = <TSlot extends object>(slot: TSlot) => ({ ...slot, passkeyId: null })

async function decryptAll(vault: Vault, sealed: Parameters<Vault['decrypt']>[0]): Promise<void> {
  const opened = await vault.decrypt(sealed)
  if (!opened.every(({ ok }) => ok)) throw new Error('A value that was just encrypted does not open.')
}

/** Values a second, over a round. */
async function rateOf(work: () => Promise<unknown>, seconds: number): Promise<number> {
  const began = performance.now()
  let batches = 0
  while (performance.now() - began < seconds * 1_000) {
    await work()
    batches += 1
  }
  return (batches * BATCH) / ((performance.now() - began) / 1_000)
}

/** How often a second work can be done that is done once. */
async function perSecond(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return 1_000 / (performance.now() - began)
}

type Pair = { ours: () => Promise<number>; floor: () => Promise<number> }

/** Measures both in turns, so that whatever else the machine does slows both. */
async function inPairs(pairs: number, { ours, floor }: Pair): Promise<{ ours: Spread; ratio: Spread }> {
  await ours() // the first runs before the code is compiled
  await floor()
  const measured: { ours: number; floor: number }[] = []
  for (let pair = 0; pair < pairs; pair += 1) measured.push({ ours: await ours(), floor: await floor() })
  return {
    ours: spreadOf(measured.map((pair) => pair.ours)),
    ratio: spreadOf(measured.map((pair) => pair.ours / pair.floor)),
  }
}

const rateLine = (name: string, rate: Spread): Line => ({
  name,
  database: '',
  measured: `${written(rate)} a second`,
  target: `>= ${LEAST_A_SECOND}`,
  ok: rate.median >= LEAST_A_SECOND,
})

const written = ({ median, lowest, highest }: Spread): string =>
  `${median.toFixed(0)} (${lowest.toFixed(0)}-${highest.toFixed(0)})`
