// #region script
import { createClient, fetchWithCookies } from 'latchkey/client'

/** Copies a person's records out. `askForCode` reads the six digits from the mail. */
export async function exportRecords(email: string, askForCode: () => Promise<string>): Promise<string> {
  const latchkey = createClient({
    url: 'https://id.example.com/graphql',
    fetch: fetchWithCookies({ origin: 'https://id.example.com' }),
  })
  await latchkey.requestMagicLink({ email })
  await latchkey.verifyMagicCode({ code: await askForCode() })
  const records = []
  for await (const record of latchkey.allRecords()) records.push(record)
  await latchkey.logout()
  return JSON.stringify(records, null, 2)
}
// #endregion
