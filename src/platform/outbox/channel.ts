import type { LogFields } from '../log.ts'
import type { KeyPurpose } from '../crypto/keyring.ts'

/** The ways by which messages leave. The name stands in the message's row. */
export type ChannelName = 'mail' | 'webhook'

/** One way by which messages leave: how they are sealed while they wait, how they are sent, and what the log may say. */
export type Channel<Message> = {
  name: ChannelName
  /** What its messages are sealed for. */
  purpose: KeyPurpose
  /** Who takes them: 'postmark', 'webhook'. For the log. */
  provider: string
  /**
   * Sends a message, or throws. `id` stays the same over the tries, so that a receiver can tell a repetition by it.
   */
  send(message: Message, id: string): Promise<void>
  /** True for an error after which another try would not help. */
  isRefusal(error: unknown): boolean
  /** What the log may say of a message: nothing private. */
  about(message: Message): LogFields
  /** Why it was not taken, for the log, without what the message says. */
  reason(message: Message, error: unknown): string
}
