import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { v7 as uuidv7 } from 'uuid'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openMailbox, type Mailbox } from '../../../src/platform/mail/mailbox.ts'
import { mailTo } from './a-mail.ts'

const start = Date.UTC(2026, 2, 12)
let folder: string

beforeEach(async () => {
  folder = path.join(await fs.mkdtemp(path.join(os.tmpdir(), 'latchkey-mailbox-')), 'mailbox')
})
afterEach(() => fs.rm(path.dirname(folder), { recursive: true, force: true }))

const open = () => openMailbox({ folder, now: () => new Date(start) })

async function fill(mailbox: Mailbox, count: number) {
  for (let i = 0; i < count; i++) await mailbox.send(mailTo(`${i}@example.com`), uuidv7({ msecs: start + i }))
}

test('a mailbox that nobody wrote to is empty', async () => {
  expect(await open().list()).toEqual([])
})

test('the mailbox lists its mails newest first, with all that was sent', async () => {
  const mailbox = open()
  await fill(mailbox, 3)
  const mails = await mailbox.list()
  expect(mails.map(({ to }) => to)).toEqual(['2@example.com', '1@example.com', '0@example.com'])
  expect(mails[0]).toEqual({
    ...mailTo('2@example.com'),
    id: expect.any(String) as string,
    sentAt: '2026-03-12T00:00:00.000Z',
  })
})

test('the mails survive a restart, and another process finds them', async () => {
  await fill(open(), 2)
  expect(await open().list()).toHaveLength(2)
})

test('the mailbox keeps the last 200 mails', async () => {
  const mailbox = open()
  await fill(mailbox, 203)
  const mails = await mailbox.list()
  expect(mails).toHaveLength(200)
  expect(mails.at(-1)?.to).toBe('3@example.com')
  expect(await fs.readdir(folder)).toHaveLength(200)
})

test('a mail that is sent again under the same id stays one mail', async () => {
  const mailbox = open()
  const id = uuidv7()
  await mailbox.send(mailTo('ada@example.com'), id)
  await mailbox.send(mailTo('ada@example.com'), id)
  expect(await mailbox.list()).toHaveLength(1)
})

test('the files, which hold live links, are for their owner alone', async () => {
  await fill(open(), 1)
  const [name = ''] = await fs.readdir(folder)
  expect((await fs.stat(folder)).mode & 0o777).toBe(0o700)
  expect((await fs.stat(path.join(folder, name))).mode & 0o777).toBe(0o600)
})

test('a damaged file hides no other mail', async () => {
  const mailbox = open()
  await fill(mailbox, 1)
  await fs.writeFile(path.join(folder, `${uuidv7()}.json`), '')
  expect(await mailbox.list()).toHaveLength(1)
})

test('an id that is a path finds nothing and writes nothing', async () => {
  const mailbox = open()
  await fs.writeFile(path.join(path.dirname(folder), 'other.json'), '{}')
  expect(await mailbox.find('../other')).toBeNull()
  await expect(mailbox.send(mailTo('ada@example.com'), '../other')).rejects.toThrow('UUID')
})
