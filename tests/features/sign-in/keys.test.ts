import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import { test } from '../../support/app.ts'

const makeKey = (id: string) => `${id}:${randomBytes(32).toString('base64url')}`

test('a start without a key that the database was sealed with is refused, and names it', async ({ app }) => {
  await expect(app.restart({ MASTER_KEYS: makeKey('other') })).rejects.toThrow(/lacks "test"/)
  await app.restart()
})

test('a new key before the old one is how keys are changed', async ({ app }) => {
  const both = `${makeKey('newer')},${app.env['MASTER_KEYS'] ?? ''}`
  await app.restart({ MASTER_KEYS: both })
  expect(app.services.keys.currentId).toBe('newer')
})
