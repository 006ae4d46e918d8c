import { expect } from 'vitest'
import { openLog } from '../../src/platform/log.ts'
import { startTestApp, test } from '../support/app.ts'
import { newAddress, REQUEST } from '../support/people.ts'
import { rawPost, sendRaw } from '../support/raw-http.ts'

// Breaks, escapes, and what turns the order of writing around.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

const AGENTS = [
  'a\u2028{"level":"error","event":"forged"}',
  'a\u2029b',
  'a\u0085{"event":"forged"}',
  'a\u009b31mred',
  'a\tb',
  'a\u202eb',
  'a\ufeffb\u200b',
  '{"event":"forged"}","event":"forged',
  'a\\r\\n{"event":"forged"}',
  '\u00ff\u00fe',
  '%0d%0a{"event":"forged"}',
  'a'.repeat(6_000),
]
// These are no headers any more: a server may refuse them, or take the rest for another header.
const BROKEN = [
  'a\r\n{"event":"forged"}',
  'a\n{"event":"forged"}',
  'a\u001b[31mred',
  'a\u0000b',
  'a\u0007b',
  'a\r\n folded',
]

test('L8: whatever a user agent holds, an event is one line, and a line is JSON', async () => {
  const lines: string[] = []
  const log = openLog({ level: 'debug', pretty: false }, { write: (line) => lines.push(line) })
  const app = await startTestApp({ replacements: { log } })
  try {
    const { audit, database } = app.services
    const { row } = audit
    audit.row = (event, origin) => {
      log.info('test.origin', { ...origin, [`key ${origin.userAgent ?? ''}`]: event.action })
      return row(event, origin)
    }
    for (const agent of [...AGENTS, ...BROKEN]) {
      const body = JSON.stringify({ query: REQUEST, variables: { email: newAddress() } })
      const { status } = await sendRaw(app.url, rawPost(app.url, body, [`User-Agent: ${inBytes(agent)}`]))
      expect(AGENTS.includes(agent) ? [200] : [200, 400], JSON.stringify(agent)).toContain(status)
      log.warn('test.raw', { agent, [agent]: agent, error: new Error(agent) })
    }

    expect(lines.filter((line) => line.includes('test.origin')).length).toBeGreaterThanOrEqual(AGENTS.length)
    for (const line of lines) {
      expect([line.endsWith('\n'), UNSAFE.test(line.slice(0, -1))]).toEqual([true, false])
      expect(JSON.parse(line)).toMatchObject({ event: expect.stringMatching(/^(test|database|mail)\./) })
    }
    for (const { userAgent } of await database.systemDb.auditEntry.findMany()) {
      expect([UNSAFE.test(userAgent ?? ''), (userAgent ?? '').length > 400]).toEqual([false, false])
    }
  } finally {
    await app.close()
  }
})

test('L8: the words of a mail address, a document or a path begin no line either', async () => {
  const lines: string[] = []
  const log = openLog({ level: 'debug', pretty: true }, { write: (line) => lines.push(line) })
  const app = await startTestApp({ replacements: { log } })
  try {
    const forged = 'x\n[09:00:00] INFO: forged\u001b[31m\u2028'
    app.services.outbox.enqueue = (_tx, mail) => Promise.reject(new Error(`${forged} ${mail.to}`))
    await app.browser().graphql(REQUEST, { email: newAddress(), redirectTo: '/a' })
    await app.browser().graphql(`{ me { id } } # ${forged}`)
    await app.browser().graphql(REQUEST, { email: forged })
    await app.browser().fetch(`/${encodeURIComponent(forged)}`)
    expect(lines.join('')).toContain('graphql.unexpected')
    for (const line of lines.flatMap((text) => text.split(/[\n\u2028]/))) expect(line).not.toMatch(/^\W*\[?09:00:00/)
    for (const unsafe of ['\u001b', '\u2028']) expect(lines.join('')).not.toContain(unsafe)
  } finally {
    await app.close()
  }
})

/** The text as its UTF-8 bytes, one character for each. */
function inBytes(text: string): string {
  return Buffer.from(text).toString('latin1')
}
