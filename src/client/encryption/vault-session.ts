import { bareId } from '../../shared/encryption/contexts.ts'
import type { Ask } from '../ask.ts'
import { isLatchkeyError } from '../errors.ts'
import { readAccountKeys, type AccountKeys } from './account-keys.ts'
import type { HighWaterMarks } from './high-water-mark.ts'
import { startIdleLock, type IdleLock } from './idle-lock.ts'
import { locked } from './locked.ts'
import { reportFault } from './report-fault.ts'
import { joinTabs, type TabLocks } from './tab-locks.ts'
import type { UnlockPrompt } from './unlock-prompt.ts'
import type { Opened, Opener, Place, Unlocked, Vault } from './vault.ts'

/** Whether the keys are at hand, and which. */
export type EncryptionState = { kind: 'LOCKED' } | ({ kind: 'UNLOCKED' } & Unlocked)

type Options = {
  ask: Ask
  vault: Vault
  marks: HighWaterMarks
  prompt: UnlockPrompt
  idleLockMinutes: number
}

const LOCKED: EncryptionState = { kind: 'LOCKED' }

/** The vault of whoever is signed in: unlocked by them, kept up with the server's keys, locked when it is not used. */
export class VaultSession {
  readonly vault: Vault
  readonly #ask: Ask
  readonly #marks: HighWaterMarks
  readonly #prompt: UnlockPrompt
  readonly #idle: IdleLock
  readonly #tabs: TabLocks
  readonly #listeners = new Set<(state: EncryptionState) => void>()
  #state = LOCKED
  /** A bare UUID; null while locked. */
  #user: string | null = null
  // Counts the locks, so that an unlocking that was begun before one does not undo it.
  #locks = 0
  #following: Promise<void> | null = null

  constructor({ ask, vault, marks, prompt, idleLockMinutes }: Options) {
    this.vault = vault
    this.#marks = marks
    this.#ask = ask
    this.#prompt = prompt
    this.#idle = startIdleLock(idleLockMinutes, () => void this.lock())
    this.#tabs = joinTabs(() => void this.lock())
  }

  get state(): EncryptionState {
    return this.#idle.isOver() ? LOCKED : this.#state
  }

  onChange(listener: (state: EncryptionState) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Opens keys that were just read. ENCRYPTION_LOCKED when it was locked meanwhile. */
  async unlock({ user, keys }: Pick<AccountKeys, 'user' | 'keys'>, opener: Opener): Promise<void> {
    const locks = this.#locks
    const unlocked = await this.vault.unlock({ user, keys, opener, seen: this.#marks.seen(user) })
    await this.#open(user, unlocked, locks)
  }

  async lock(): Promise<void> {
    this.#locks += 1
    this.#user = null
    this.#idle.stop()
    this.#tabs.close()
    const locking = this.vault.lock() // before anybody is told
    this.#set(LOCKED)
    await locking
  }

  /** Locks the other tabs of this origin too: what a person does by hand is meant for all. */
  lockEverywhere(): Promise<void> {
    this.#tabs.announce()
    return this.lock()
  }

  /** Keys that are older than what this device has seen are taken from now on. */
  forgetSeen(user: string): void {
    this.#marks.forget(user)
  }

  /** Somebody is signed in: another's keys are not for them. */
  async belongTo(user: string): Promise<void> {
    if (this.#user !== null && this.#user !== bareId(user)) await this.lock()
  }

  /** Whether the keys are at hand, once whoever may be asked for them was asked. */
  async isReady(): Promise<boolean> {
    if (this.#idle.isOver()) await this.lock()
    if (this.#state.kind === 'LOCKED') await this.#prompt('LOCKED')
    return this.state.kind === 'UNLOCKED'
  }

  /** Does something with the unlocked vault. ENCRYPTION_LOCKED where nobody unlocks it. */
  async use<T>(work: (vault: Vault, unlocked: Unlocked) => Promise<T>): Promise<T> {
    if (!(await this.isReady()) || this.#state.kind === 'LOCKED') throw locked()
    this.#idle.touch()
    try {
      return await work(this.vault, this.#state)
    } catch (error) {
      // Its worker ended by itself.
      const isGone = isLatchkeyError(error, 'ENCRYPTION_LOCKED') && (await this.vault.state()) === null
      if (isGone && this.#state.kind === 'UNLOCKED') await this.lock()
      throw error
    }
  }

  /** Encrypts one value for its place. */
  async encrypt(place: Place, value: unknown): Promise<string> {
    const [envelope] = await this.use((vault) => vault.encrypt([{ ...place, value }]))
    if (envelope === undefined) throw new Error('The vault gave no envelope.')
    return envelope
  }

  /** Opens envelopes, in their order; it must be unlocked. */
  decrypt(items: readonly (Place & { envelope: string })[]): Promise<Opened[]> {
    return items.length === 0 ? Promise.resolve([]) : this.use((vault) => vault.decrypt(items))
  }

  /**
   * Takes up keys that another device has rotated, once for all that ask for it. Where the master key was rotated too,
   * whoever may be asked unlocks again; MASTER_KEY_CHANGED where nobody does.
   */
  follow(): Promise<void> {
    this.#following ??= this.#follow().finally(() => (this.#following = null))
    return this.#following
  }

  async #follow(): Promise<void> {
    const locks = this.#locks
    const { user, keys } = await this.#lockingIfOff(() => readAccountKeys(this.#ask))
    if (this.#user !== user) throw locked()
    try {
      const unlocked = await this.vault.follow({ keys, seen: this.#marks.seen(user) })
      await this.#open(user, unlocked, locks)
    } catch (error) {
      if (!isLatchkeyError(error, 'MASTER_KEY_CHANGED')) throw error
      await this.lock() // what it holds opens nothing that is written from now on
      await this.#prompt('MASTER_KEY_CHANGED')
      if (this.state.kind === 'LOCKED') throw error
    }
  }

  /**
   * Does what a server refuses with KEY_ROTATED when another device rotated meanwhile: it then follows, and does it again.
   * `work` must encrypt anew each time.
   */
  async keepingUp<T>(work: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#lockingIfOff(work)
      } catch (error) {
        if (!isLatchkeyError(error, 'KEY_ROTATED') || tries === MOST_TRIES) throw error
        const isTakenUp = this.#state.kind === 'UNLOCKED' && this.#state.keyId === error.extensions['keyId']
        if (!isTakenUp) await this.follow()
      }
    }
  }

  /** Another device may have switched encryption off: its keys are given up, and what they encrypt never opens again. */
  async #lockingIfOff<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (isLatchkeyError(error, 'ENCRYPTION_OFF')) await this.lock()
      throw error
    }
  }

  async #open(user: string, unlocked: Unlocked, locks: number): Promise<void> {
    if (this.#locks !== locks) {
      await this.vault.lock()
      throw locked()
    }
    this.#marks.remember(user, unlocked)
    this.#user = user
    this.#idle.touch()
    this.#tabs.listen()
    this.#set({ kind: 'UNLOCKED', ...unlocked })
  }

  #set(state: EncryptionState): void {
    if (state === this.#state) return
    this.#state = state
    for (const listener of this.#listeners) {
      try {
        listener(state)
      } catch (error) {
        reportFault(error) // the app's, and no reason to leave the others untold
      }
    }
  }
}

// Another device may rotate between each two of them; more than that is a server that plays games.
const MOST_TRIES = 4
