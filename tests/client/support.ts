import { build } from 'esbuild'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { onTestFinished, vi } from 'vitest'
import { fetchWithCookies } from '../../src/client/index.ts'
import { startTestApp } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'

const APP_ORIGIN = 'https://app.example.com'
const SERVER_ORIGIN = 'https://id.example.com'
const root = new URL('../../', import.meta.url)
const nodeFetch = globalThis.fetch

/** A server that allows the guide's app, and that the guide's addresses lead to. */
export async function startGuideServer(): Promise<TestApp> {
  const app = await startTestApp({ env: { ALLOWED_ORIGINS: `${APP_ORIGIN},${SERVER_ORIGIN}` } })
  onTestFinished(() => {
    vi.unstubAllGlobals()
    return app.close()
  })
  return app
}

/** A request to the guide's server, sent to the test's. */
function fetchFrom(app: TestApp): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init)
    const { origin, pathname } = new URL(request.url)
    if (origin !== SERVER_ORIGIN) throw new Error(`The guide calls ${origin}, which is not its server.`)
    const { method, headers, redirect, signal } = request
    return nodeFetch(new URL(pathname, app.url), { method, headers, redirect, signal, body: await request.text() })
  }
}

/** Runs what follows as in a browser without cookies, at a page of the guide's app. Gives where the page went. */
export function openBrowser(app: TestApp, page = '/'): string[] {
  const went: string[] = []
  const go = (place: string) => void went.push(place)
  const { hash, pathname } = new URL(page, APP_ORIGIN)
  vi.stubGlobal('fetch', fetchWithCookies({ origin: APP_ORIGIN, fetch: fetchFrom(app) }))
  vi.stubGlobal('location', { hash, pathname, assign: go, replace: go })
  vi.stubGlobal('history', { replaceState: (_: unknown, __: string, place: string) => go(place) })
  return went
}

/** Runs what follows as a script in Node, that keeps no cookies by itself. */
export function openScript(app: TestApp): void {
  vi.stubGlobal('fetch', fetchFrom(app))
}

/** One of the guide's examples, bundled as a frontend's bundler would for a browser: a part of Node in it fails here. */
export async function loadExample<T>(name: string): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-example-')) // another address each time: a page loaded anew
  const outfile = join(folder, `${name}.mjs`)
  try {
    await build({
      entryPoints: [fileURLToPath(new URL(`docs/examples/${name}.ts`, root))],
      alias: { 'latchkey/client': fileURLToPath(new URL('src/client/index.ts', root)) },
      bundle: true,
      format: 'esm',
      platform: 'browser',
      outfile,
    })
    return (await import(/* @vite-ignore */ pathToFileURL(outfile).href)) as T // the test says what the example offers
  } finally {
    await rm(folder, { recursive: true })
  }
}
