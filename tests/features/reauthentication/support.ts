import type { Mail } from '../../../src/platform/mail/mailer.ts'
import type { ReauthenticationCode } from '../../../src/generated/sqlite/client.ts'
import type { TestApp } from '../../support/app.ts'
import type { Answer, Visitor } from '../../support/browser-like.ts'
import { codeIn } from '../../support/mailbox.ts'
import type { Person } from '../../support/people.ts'

export const MINUTE = 60_000

export const ASK = 'mutation { requestReauthenticationCode { message expiresAt } }'

export const PROVE = /* GraphQL */ `
  mutation ($code: String!) {
    reauthenticateWithCode(input: { code: $code }) {
      __typename
      id
      current
      level
      authMethod
      expiresAt
    }
  }
`

/** The answer's shape for PROVE. */
export type Proved = {
  reauthenticateWithCode: {
    __typename: 'Session'
    id: string
    current: boolean
    level: string
    authMethod: string
    expiresAt: string
  }
}

/** Asks for a code from the browser of somebody who is signed in, and gives it with its mail. */
export async function askForCode(app: TestApp, { email, browser }: Pick<Person, 'email' | 'browser'>) {
  const isOurs = ({ subject }: Mail) => subject.startsWith('Confirm that it is you') // not an alert, say
  const before = app.mailbox.mails.filter((mail) => mail.to === email && isOurs(mail)).length
  const answer = await browser.graphql<{ requestReauthenticationCode: { message: string; expiresAt: string } }>(ASK)
  if (answer.errors.length > 0) throw new Error(`The code was refused: ${JSON.stringify(answer.errors)}`)
  const mail: Mail = await app.mailbox.latest(email, before + 1, isOurs)
  return { mail, code: codeIn(mail), answer }
}

/** Proves by a code: the level that the session then has, or the code of the refusal. */
export async function proveBy(browser: Visitor, code: string): Promise<string> {
  const { data, code: refusal }: Answer<Proved> = await browser.graphql<Proved>(PROVE, { code })
  return refusal ?? data?.reauthenticateWithCode.level ?? 'nothing'
}

export async function levelIn(browser: Visitor): Promise<string | undefined> {
  const { data } = await browser.graphql<{ session: { level: string } | null }>('{ session { level } }')
  return data?.session?.level
}

/** The codes of a user, as the database has them, the newest first. */
export function codesOf(app: TestApp, { userId }: Pick<Person, 'userId'>): Promise<ReauthenticationCode[]> {
  return app.services.database.systemDb.reauthenticationCode.findMany({
    where: { userId: rowId(userId) },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
  })
}

/** A passkey's worth of difference: from now on STRONG asks the account for one. */
export async function givePasskey(app: TestApp, { userId }: Pick<Person, 'userId'>): Promise<void> {
  await app.services.database.systemDb.user.update({ where: { id: rowId(userId) }, data: { passkeyCount: 1 } })
}

/** The row's id in the id of a node. */
export function rowId(nodeId: string): string {
  return nodeId.slice(nodeId.indexOf('_') + 1)
}
