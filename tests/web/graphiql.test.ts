import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Browser } from 'playwright-core'
import { launchBrowser, withoutBrowser } from '../support/browser.ts'
import { startFakeServer } from './fake-server.ts'
import type { FakeServer } from './fake-server.ts'

describe.skipIf(withoutBrowser()).each([
  ['beside the pages', true],
  ['where the pages are off', false],
])('GraphiQL %s, in Chromium', (_where, pages) => {
  let fake: FakeServer
  let browser: Browser

  beforeAll(async () => {
    fake = await startFakeServer({ mode: 'development', pages })
    browser = await launchBrowser()
  })

  afterAll(async () => {
    await browser.close()
    await fake.close()
  })

  test('runs on this server’s files alone, within a policy that allows no inline script', async () => {
    const page = await browser.newPage()
    const complaints: string[] = []
    const asked = new Set<string>()
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('request', (request) => asked.add(new URL(request.url()).origin))
    const workers = Promise.all(
      ['editor', 'graphql'].map((name) =>
        page.waitForEvent('worker', (worker) => worker.url().includes(`${name}.worker`)),
      ),
    )

    const answer = await page.goto(`${fake.url}/graphql`)
    expect(answer?.headers()['content-security-policy']).toContain("script-src 'self';")
    await page.getByText('WhoAmI').first().waitFor()
    await workers
    expect(fake.calls.map(({ operation }) => operation)).toContain('IntrospectionQuery')
    expect([...asked]).toEqual([fake.url])
    expect(complaints.filter((text) => text.includes('Content Security Policy'))).toEqual([])
    // What is typed stays out of the address, and so of the history.
    expect(page.url()).toBe(`${fake.url}/graphql`)
  })
})
