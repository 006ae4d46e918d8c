import type { Answer } from './send.ts'

/** The operations under way after which the session has another cookie: what is sent meanwhile carries the old one. */
export type Renewals = {
  /** How many have succeeded. */
  readonly count: number
  /** Follows an operation, if it is one of them, and gives its answer. */
  follow(query: string, answer: Promise<Answer<unknown>>): Promise<Answer<unknown>>
  /** Resolves when those that are under way have been answered. */
  settled(): Promise<void>
}

const RENEWS = /\b(reauthenticateWithCode|completePasskeyReauthentication|completePasskeyRecovery|completeRecovery)\b/

export function followRenewals(): Renewals {
  const underWay = new Set<Promise<void>>()
  let count = 0

  function follow(query: string, answer: Promise<Answer<unknown>>): Promise<Answer<unknown>> {
    if (!RENEWS.test(query)) return answer
    const counted = answer.then((given) => {
      if (given.errors.length === 0) count += 1
      return given
    })
    const end = (): void => void underWay.delete(ended)
    const ended = counted.then(end, end)
    underWay.add(ended)
    return counted
  }

  return {
    get count() {
      return count
    },
    follow,
    settled: async () => void (await Promise.all(underWay)),
  }
}
