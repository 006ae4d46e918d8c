import { randomUUID } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import type { Mail, Mailer } from './mailer.ts'

const KEPT = 200
// The ids are UUIDs of version 7, which sort by the time that they were made at.
const FILE_NAME = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.json$/

/** A mail that the mailbox holds; `sentAt` is an ISO 8601 instant. */
export type ReceivedMail = Mail & { id: string; sentAt: string }

/** Stands in for a mail provider in development: keeps the last 200 mails, for a page and for people's own tests. */
export type Mailbox = Mailer & {
  /** Newest first. */
  list(): Promise<ReceivedMail[]>
  find(id: string): Promise<ReceivedMail | null>
}

/**
 * Opens the mailbox that lies in a folder: one file a mail, readable by its owner alone. Files, because a server in
 * development restarts at each change of its code, and each of several processes must find what another one sent.
 * A file is written whole or not at all, and a mail that is sent twice stays one mail.
 */
export function openMailbox({ folder, now }: { folder: string; now: () => Date }): Mailbox {
  const known = new Map<string, ReceivedMail>()

  async function names(): Promise<string[]> {
    const all = await fs.readdir(folder).catch(noneIfMissing)
    return all
      .filter((name) => FILE_NAME.test(name))
      .sort()
      .reverse()
  }

  async function read(name: string): Promise<ReceivedMail | null> {
    const seen = known.get(name)
    if (seen) return seen
    try {
      const mail = JSON.parse(await fs.readFile(path.join(folder, name), 'utf8')) as ReceivedMail // written by `send`
      known.set(name, mail)
      return mail
    } catch {
      return null // removed meanwhile as the oldest, or damaged by a power cut: no reason to hide the others
    }
  }

  async function removeOldest(): Promise<void> {
    for (const name of (await names()).slice(KEPT)) await fs.rm(path.join(folder, name), { force: true })
  }

  return {
    name: 'mailbox',
    async send({ to, subject, text, html }, id) {
      const name = `${id}.json`
      if (!FILE_NAME.test(name)) throw new Error('The mailbox keeps mails under UUIDs.')
      const received: ReceivedMail = { id, to, subject, text, html, sentAt: now().toISOString() }
      const unfinished = path.join(folder, `${randomUUID()}.tmp`)
      await fs.mkdir(folder, { recursive: true, mode: 0o700 })
      await fs.writeFile(unfinished, JSON.stringify(received), { mode: 0o600 })
      await fs.rename(unfinished, path.join(folder, name))
      await removeOldest()
    },
    async list() {
      const kept = (await names()).slice(0, KEPT)
      for (const name of known.keys()) if (!kept.includes(name)) known.delete(name)
      const mails = await Promise.all(kept.map(read))
      return mails.filter((mail) => mail !== null)
    },
    find: async (id) => (FILE_NAME.test(`${id}.json`) ? read(`${id}.json`) : null),
    close: async () => {},
  }
}

function noneIfMissing(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return []
  throw error
}
