import { v7 as uuidv7 } from 'uuid'
import { makeVault } from '../src/client/encryption/make-vault.ts'
import type { Opener, SealedKeys, Vault } from '../src/client/encryption/vault.ts'
import type { Settings } from './support/settings.ts'
import { spreadOf } from './support/spread.ts'
import type { Spread } from './support/spread.ts'
import type { Line } from './support/table.ts'

// Rates of this process alone, and not ratios: there is no floor to hold encryption against. Two cores are meant.
const LEAST_A_SECOND = 4_000
const MOST_SECONDS = 0.5
const BATCH = 100
const VALUE_LETTERS = 1_000 // with its name about 1 KB of JSON
const EMAIL = 'ada@example.com'
const PASSPHRASE = 'tarnish gopher quilt envelope'

/** What a client does in Node: values of 1 KB, a hundred at a time, and the whole of an unlocking by passphrase. */
export async function measureEncryption({ pairs, roundSeconds }: Settings): Promise<Line[]> {
  const { vault, user, keys } = await makeAccount()
  const opener: Opener = { kind: 'PASSPHRASE', passphrase: PASSPHRASE }
  const unlocking = await spreadOver(pairs, () => secondsOf(() => vault.unlock({ user, keys, opener, seen: null })))
  const items = Array.from({ length: BATCH }, () => ({
    record: uuidv7(),
    revision: 1,
    value: { text: 'x'.repeat(VALUE_LETTERS) },
  }))
  const envelopes = await vault.encrypt(items)
  const sealed = items.map(({ record, revision }, index) => ({ record, revision, envelope: envelopes[index] ?? '' }))
  const encrypting = await spreadOver(pairs, () => rateOf(() => vault.encrypt(items), roundSeconds))
  const decrypting = await spreadOver(pairs, () => rateOf(() => decryptAll(vault, sealed), roundSeconds))
  return [
    rateLine('encryption: values of 1 KB encrypted', encrypting),
    rateLine('encryption: values of 1 KB decrypted', decrypting),
    {
      name: 'encryption: unlocking by passphrase',
      database: '',
      measured: `${written(unlocking, 2)} s`,
      target: `< ${MOST_SECONDS} s`,
      ok: unlocking.median < MOST_SECONDS,
    },
  ]
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

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return (performance.now() - began) / 1_000
}

async function spreadOver(rounds: number, measure: () => Promise<number>): Promise<Spread> {
  await measure() // the first runs before the code is compiled
  const values: number[] = []
  for (let round = 0; round < rounds; round += 1) values.push(await measure())
  return spreadOf(values)
}

const rateLine = (name: string, rate: Spread): Line => ({
  name,
  database: '',
  measured: `${written(rate, 0)} a second`,
  target: `>= ${LEAST_A_SECOND}`,
  ok: rate.median >= LEAST_A_SECOND,
})

const written = ({ median, lowest, highest }: Spread, digits: number): string =>
  `${median.toFixed(digits)} (${lowest.toFixed(digits)}-${highest.toFixed(digits)})`
