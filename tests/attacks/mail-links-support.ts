import { randomBytes } from 'node:crypto'
import type { MagicLink } from '../../src/generated/sqlite/client.ts'
import type { TestApp } from '../support/app.ts'
import type { Answer } from '../support/browser-like.ts'
import type { Verified } from '../support/people.ts'

/** Sends so many requests at once, and waits for all answers. */
export function together<Result>(count: number, send: (index: number) => Promise<Result>): Promise<Result[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => send(index)))
}

/** How many answers ended alike: { SignedIn: 1, LINK_INVALID: 49 }. */
export function tally(answers: readonly Answer[]): Record<string, number> {
  const outcomes: Record<string, number> = {}
  for (const { data, code } of answers) {
    const [result] = Object.values(data ?? {}) as ({ __typename: string } | null)[] // the one field that was asked for
    const outcome = code ?? result?.__typename ?? 'nothing'
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
  }
  return outcomes
}

/** The kind of an answer to VERIFY, or the code of its refusal. */
export function outcomeOf({ data, code }: Answer<Verified>): string | undefined {
  return data?.verifyMagicLink.__typename ?? code ?? undefined
}

/** The newest link that was sent to an address, as the database has it. */
export function linkTo(app: TestApp, email: string): Promise<MagicLink> {
  return app.services.database.systemDb.magicLink.findFirstOrThrow({ where: { email }, orderBy: { createdAt: 'desc' } })
}

/** How many rows of the security log tell of an action. */
export function logged(app: TestApp, action: string): Promise<number> {
  return app.services.database.systemDb.auditEntry.count({ where: { action } })
}

/** Six digits that are not these. */
export function wrongCode(code: string): string {
  return code === '000000' ? '000001' : '000000'
}

export const PUBLIC_URL = 'https://id.example.test'

/** The environment of a production server. Its mailer must be replaced. */
export function production(): Record<string, string> {
  return {
    NODE_ENV: 'production',
    HOST: '127.0.0.1',
    PUBLIC_URL,
    MASTER_KEYS: `test:${randomBytes(32).toString('base64url')}`,
    MAIL_FROM: 'latchkey@example.com',
    SMTP_URL: 'smtp://localhost',
    RATE_LIMIT_SCALE: '100',
  }
}
