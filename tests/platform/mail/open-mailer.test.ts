import { expect, test } from 'vitest'
import { openMailer } from '../../../src/platform/mail/open-mailer.ts'

const from = 'hello@notes.example'

test.each([
  { kind: 'postmark', token: 'a-server-token' },
  { kind: 'smtp', url: 'smtps://user:password@mail.example' },
  { kind: 'mailbox', folder: '/nonexistent' },
] as const)('$kind is opened by its name, and connects to nothing until it has a mail', async (provider) => {
  const mailer = openMailer({ from, provider })
  expect(mailer.name).toBe(provider.kind)
  await mailer.close()
})
