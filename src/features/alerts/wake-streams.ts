import type { Services } from '../../services.ts'

/** What a user's streams wait for. An id, and nothing of what has happened. */
export const topicOf = (userId: string): string => `user:${userId}`

/** Lets the streams of a user, in all processes, look again: an alert was raised, or a session has ended. After the commit. */
export function wakeStreams({ bus }: Pick<Services, 'bus'>, userId: string): void {
  bus.publish(topicOf(userId))
}
