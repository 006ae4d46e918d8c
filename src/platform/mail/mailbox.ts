import { randomUUID } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import type { Mail, Mailer } from './mailer.ts'

const KEPT = 200
const FILE_NAME = /^(\d{13})-([0-9a-f-]{36})\.json$/

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
 * development restarts at each change of its code, and because each of several processes must find the mails that
 * another one sent. A file is written whole or not at all, and none is ever changed.
 */
export function openMailbox({ folder, now }: { folder: string; now: () => Date }): Mailbox {
  const known = new Map<string, ReceivedMail>()

  async function names(): Promise<string[]> {
    const all = await fs.readdir(folder).catch(noneIfMissing)
    return all.filter((name) => FILE_NAME.test(name)).sort().reverse()
  }

  async function read(name: string): Promise<ReceivedMail | null> {
    const seen = known.get(name)
    if (seen) return seen
    const text = await fs.readFile(path.join(folder, name), 'utf8').catch(nullIfMissing)
    if (text === null) return null
    const mail = JSON.parse(text) as ReceivedMail // written by `send` below
    known.set(name, mail)
    return mail
  }

  async function removeOldest(): Promise<void> {
    for (const name of (await names()).slice(KEPT)) {
      known.delete(name)
      await fs.rm(path.join(folder, name), { force: true })
    }
  }

  return {
    name: 'mailbox',
    async send(mail, id) {
      const sentAt = now()
      const { to, subject, text, html } = mail
      const received: ReceivedMail = { id, to, subject, text, html, sentAt: sentAt.toISOString() }
      const name = `${String(sentAt.getTime()).padStart(13, '0')}-${id}.json`
      await fs.mkdir(folder, { recursive: true, mode: 0o700 })
      const unfinished = path.join(folder, `${randomUUID()}.tmp`)
      await fs.writeFile(unfinished, JSON.stringify(received), { mode: 0o600 })
      await fs.rename(unfinished, path.join(folder, name))
      await removeOldest()
    },
    async list() {
      const mails = await Promise.all((await names()).slice(0, KEPT).map(read))
      return mails.filter((mail) => mail !== null)
    },
    async find(id) {
      const name = (await names()).find((name) => FILE_NAME.exec(name)?.[2] === id)
      return name === undefined ? null : read(name)
    },
    close: async () => {},
  }
}

function noneIfMissing(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return []
  throw error
}

function nullIfMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}
