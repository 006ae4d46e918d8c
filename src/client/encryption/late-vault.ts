import { locked } from './locked.ts'
import type { Vault } from './vault.ts'

/**
 * A vault that is loaded when it is first needed. Until then it is locked. What is asked of it while it is loaded is done
 * in the order in which it was asked, so that a lock ends what was begun before.
 */
export function lateVault(load: () => Promise<Vault>): Vault {
  let vault: Vault | null = null
  let loading: Promise<Vault> | null = null

  async function loaded(): Promise<Vault> {
    try {
      return (vault = await load())
    } finally {
      loading = null // one that failed is tried again
    }
  }

  /** For what brings its secret along. */
  async function begin<T>(work: (vault: Vault) => Promise<T>): Promise<T> {
    return vault ? work(vault) : (loading ??= loaded()).then(work)
  }

  /** All else needs a vault that was unlocked, and so begun. */
  async function use<T>(work: (vault: Vault) => Promise<T>): Promise<T> {
    if (!vault && !loading) throw locked()
    return begin(work)
  }

  return {
    make: (input) => begin((begun) => begun.make(input)),
    unlock: (input) => begin((begun) => begun.unlock(input)),
    verifierOfCode: (input) => begin((begun) => begun.verifierOfCode(input)),
    verifierOfAnswers: (input) => begin((begun) => begun.verifierOfAnswers(input)),
    lock: async () => {
      if (vault) return vault.lock()
      // One that does not load holds nothing.
      await loading?.then(
        (begun) => begun.lock(),
        () => undefined,
      )
    },
    state: async () => (vault ? vault.state() : null),
    follow: (input) => use((begun) => begun.follow(input)),
    encrypt: (items) => use((begun) => begun.encrypt(items)),
    decrypt: (items) => use((begun) => begun.decrypt(items)),
    reencrypt: (items) => use((begun) => begun.reencrypt(items)),
    rotateRecordKey: (input) => use((begun) => begun.rotateRecordKey(input)),
    rotateMasterKey: (input) => use((begun) => begun.rotateMasterKey(input)),
    sealForPassphrase: (input) => use((begun) => begun.sealForPassphrase(input)),
    sealForPasskey: (input) => use((begun) => begun.sealForPasskey(input)),
    sealForCodes: (input) => use((begun) => begun.sealForCodes(input)),
    sealForQuestions: (input) => use((begun) => begun.sealForQuestions(input)),
  }
}
