import { randomBytes } from 'node:crypto'
import { describe, expect, onTestFinished } from 'vitest'
import { openLog } from '../../src/platform/log.ts'
import { startTestApp, test } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { makeAuthenticator } from '../support/authenticator.ts'
import {
  begin,
  BEGIN_LOGIN,
  BEGIN_REAUTHENTICATION,
  BEGIN_REGISTRATION,
  COMPLETE_LOGIN,
  COMPLETE_REAUTHENTICATION,
  COMPLETE_REGISTRATION,
  siteOf,
  withPasskey,
} from '../support/passkeys.ts'
import type { Creation, PasskeyOwner, Request } from '../support/passkeys.ts'
import { databaseOf, sightings } from './canaries-support.ts'

type Response = Record<string, unknown> & { response: object }

const CEREMONIES = [
  { name: 'registration', begins: BEGIN_REGISTRATION, completes: COMPLETE_REGISTRATION },
  { name: 'sign-in', begins: BEGIN_LOGIN, completes: COMPLETE_LOGIN },
  { name: 're-authentication', begins: BEGIN_REAUTHENTICATION, completes: COMPLETE_REAUTHENTICATION },
] as const

/** Every place in which a page could leave the secret: where toJSON() writes it, and others. */
function withSecret(response: Response, secret: Buffer): (readonly [place: string, response: unknown])[] {
  const prf = { prf: { enabled: true, results: { first: secret.toString('base64url') } } }
  const bytes = { prf: { results: { first: Object.fromEntries(secret.entries()) } } }
  return [
    ['where toJSON() writes it', { ...response, clientExtensionResults: prf }],
    ['as bytes', { ...response, clientExtensionResults: bytes }],
    ['the second one', { ...response, clientExtensionResults: { prf: { results: { second: [...secret] } } } }],
    ['inside the response', { ...response, response: { ...response.response, ...prf } }],
    ['beside it', { ...response, ...prf }],
    ['in a list', { ...response, extra: [{ deeper: [prf] }] }],
  ]
}

function answerTo(app: TestApp, owner: PasskeyOwner, name: string, options: Creation['options'] & Request['options']) {
  const response = name === 'registration' ? makeAuthenticator(siteOf(app)).create(options) : owner.authenticator.get(options)
  return response as unknown as Response // what a page has is plain JSON
} // prettier-ignore

describe('P7: the secret that a passkey gives never comes to the server', () => {
  test.for(CEREMONIES)('P7: a $name that holds one is refused, and burns nothing', async (ceremony, { app }) => {
    const owner = await withPasskey(app)
    const { name, begins, completes } = ceremony
    const { challengeId, options } = await begin<Creation & Request>(owner.browser, begins)
    const response = answerTo(app, owner, name, options)

    for (const [place, secretive] of withSecret(response, randomBytes(32))) {
      const { code, errors } = await owner.browser.graphql(completes, { challengeId, response: secretive })
      expect(code, place).toBe('BAD_INPUT')
      expect(errors[0]?.extensions, place).toMatchObject({ field: 'response' })
      expect(errors[0]?.message, place).toMatch(/prf/i)
    }

    // What the browser says of the extension without its result is no secret.
    const harmless = { ...response, clientExtensionResults: { prf: { enabled: true } } }
    expect((await owner.browser.graphql(completes, { challengeId, response: harmless })).errors).toEqual([])
  })

  test('P7: it stands in no line of the log at level debug, in no answer, and nowhere in the database', async () => {
    const lines: string[] = []
    const log = openLog({ level: 'debug', pretty: false }, { write: (line) => lines.push(line) })
    const app = await startTestApp({ replacements: { log } })
    onTestFinished(() => app.close())
    const owner = await withPasskey(app)
    const secret = randomBytes(32)
    const answers: string[] = []

    for (const { name, begins, completes } of CEREMONIES) {
      const { challengeId, options } = await begin<Creation & Request>(owner.browser, begins)
      const response = answerTo(app, owner, name, options)
      for (const [, secretive] of withSecret(response, secret)) {
        const variables = { challengeId, response: secretive }
        for (const document of [completes, completes.replace('challengeId:', 'nonsense:'), `${completes} {`])
          answers.push(JSON.stringify(await owner.browser.graphql(document, variables)))
      }
    }

    expect(lines.length).toBeGreaterThan(0)
    const places = [
      { name: 'the log', content: Buffer.from(lines.join('\n')) },
      { name: 'an answer', content: Buffer.from(answers.join('\n')) },
      ...(await databaseOf(app)),
    ]
    expect(sightings([{ name: 'the secret', bytes: secret }], places)).toEqual([])
  })
})
