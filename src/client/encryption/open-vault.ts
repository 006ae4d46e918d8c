import { lateVault } from './late-vault.ts'
import { workerVault } from './worker-vault.ts'
import type { WorkerLike } from './worker-vault.ts'
import type { Vault } from './vault.ts'

export type VaultOptions = {
  /**
   * Starts the Worker that holds the keys: `() => new Worker(address, { type: 'module' })`, where the file
   * `latchkey/client/encryption-worker` is served. Needed where a bundler moves this module away from that file.
   */
  worker?: (() => WorkerLike) | undefined
}

/**
 * A vault for the keys of one account, locked at first: in a Worker where there are Workers, elsewhere (Node) in this
 * process, loaded when it is first needed, so that no page loads what only a Worker needs. A Worker that does not start is
 * never replaced by a vault in the page.
 */
export function openVault({ worker }: VaultOptions = {}): Vault {
  if (worker) return workerVault(worker)
  if (typeof Worker === 'undefined') return lateVault(async () => (await import('./make-vault.ts')).makeVault())
  return workerVault(() => new Worker(new URL('./encryption-worker.js', import.meta.url), { type: 'module' }))
}
