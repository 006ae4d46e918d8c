import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PAGES, pageRoutes } from '../../../src/features/pages/routes.ts'

let webFolder: string

const GRAPHIQL = `<!doctype html><html lang="en"><link href="/favicon.svg"><link href="/assets/graphiql-1/graphiql.css">
  <script type="module" src="/assets/graphiql-DEF.js"></script></html>`

const FILES = {
  'index.html': '<!doctype html><html lang="en"><script type="module" src="/assets/index-ABC.js"></script></html>',
  'graphiql.html': GRAPHIQL,
  'favicon.svg': '<svg/>',
  'assets/index-ABC.js': 'export {}',
  'assets/graphiql-DEF.js': 'export {}',
  'assets/graphiql-1/graphiql.css': ':root {}',
  'assets/graphiql-1/json.worker.js': '',
  'notes.txt': 'of no known type',
}

beforeAll(() => {
  webFolder = mkdtempSync(path.join(tmpdir(), 'latchkey-pages-'))
  mkdirSync(path.join(webFolder, 'assets', 'graphiql-1'), { recursive: true })
  for (const [name, text] of Object.entries(FILES)) writeFileSync(path.join(webFolder, name), text)
})

afterAll(() => rmSync(webFolder, { recursive: true }))

const CONFIG = {
  mode: 'production',
  introspection: false,
  publicUrl: new URL('https://id.example.com'),
  pages: true,
  pagesUrl: new URL('https://id.example.com'),
} as const

const routes = (mode: 'development' | 'production') =>
  pageRoutes({ config: { ...CONFIG, mode, introspection: mode === 'development' }, webFolder })

test.each(PAGES)('%s is the page, which nothing keeps and nothing frames', async (address) => {
  const response = await routes('production').request(address)
  expect(response.status).toBe(200)
  expect(await response.text()).toBe(FILES['index.html'])
  expect(response.headers.get('content-type')).toMatch(/^text\/html; charset=utf-8$/i)
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(response.headers.get('referrer-policy')).toBe('no-referrer')
})

test("the pages' policy: their own scripts, styles and one Worker, and no text that becomes a script", async () => {
  const response = await routes('production').request('/')
  const policy = new Map(
    (response.headers.get('content-security-policy') ?? '')
      .split('; ')
      .map((part) => [part.replace(/ .*/, ''), part.replace(/^\S+ /, '')]),
  )
  expect(Object.fromEntries(policy)).toEqual({
    'default-src': "'none'",
    'base-uri': "'none'",
    'form-action': "'self'",
    'frame-ancestors': "'none'",
    'script-src': "'self'",
    'style-src': "'self'",
    'img-src': "'self' data:",
    'font-src': "'self'",
    'connect-src': "'self'",
    'manifest-src': "'self'",
    'worker-src': "'self'",
    'require-trusted-types-for': "'script'",
    'trusted-types': 'latchkey-worker',
  })
})

test('HEAD answers as GET does, without the page', async () => {
  const response = await routes('production').request('/sign-in', { method: 'HEAD' })
  expect(response.status).toBe(200)
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(await response.text()).toBe('')
})

test('a built asset may be kept for ever, the picture for a day', async () => {
  const script = await routes('production').request('/assets/index-ABC.js')
  expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
  expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
  expect(script.headers.get('x-content-type-options')).toBe('nosniff')
  const picture = await routes('production').request('/favicon.svg')
  expect(picture.headers.get('content-type')).toBe('image/svg+xml')
  expect(picture.headers.get('cache-control')).toBe('public, max-age=86400')
})

test.each([
  '/assets/../index.html',
  '/assets/%2e%2e/index.html',
  '/assets/..%2findex.html',
  '/index.html',
  '/notes.txt',
  '/assets/',
  '/account/',
  '/account/elsewhere',
])('what is not in the table is not there: %s', async (address) => {
  expect((await routes('development').request(address)).status).toBe(404)
})

test('GraphiQL is there only where the schema may be asked for', async () => {
  expect((await routes('production').request('/graphql')).status).toBe(404)
  const response = await routes('development').request('/graphql')
  expect(await response.text()).toContain('graphiql')
  expect(response.headers.get('content-security-policy')).toContain("script-src 'self';")
})

test('a page is told that it is served in development, and only then', async () => {
  expect(await (await routes('development').request('/')).text()).toContain('<html data-development lang="en">')
  expect(await (await routes('production').request('/')).text()).not.toContain('data-development')
})

test('without the built pages it says which command makes them', () => {
  expect(() => pageRoutes({ config: CONFIG, webFolder: path.join(webFolder, 'missing') })).toThrow('npm run build')
})

describe('where the pages are off', () => {
  const off = (introspection: boolean) =>
    pageRoutes({
      config: { ...CONFIG, pages: false, pagesUrl: new URL('https://app.example.com/login/'), introspection },
      webFolder,
    })

  test.each(PAGES.filter((address) => address !== '/'))(
    '%s is not there, and says where the pages are',
    async (page) => {
      const forPerson = await off(false).request(page, { headers: { accept: 'text/html,application/xhtml+xml,*/*' } })
      expect(forPerson.status).toBe(404)
      expect(forPerson.headers.get('content-type')).toMatch(/^text\/plain/)
      expect(forPerson.headers.get('content-security-policy')).toContain("default-src 'none'")
      expect(await forPerson.text()).toContain('https://app.example.com/login/')

      const forProgram = await off(false).request(page, { headers: { accept: 'application/json' } })
      expect(forProgram.status).toBe(404)
      expect(await forProgram.json()).toMatchObject({
        errors: [{ message: expect.stringContaining('no pages') as string }],
      })
    },
  )

  test('/ says that this is an API', async () => {
    const response = await off(false).request('/')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/)
    expect(await response.text()).toContain('This is an API')
  })

  test('nothing that the pages load is served, and GraphiQL has all that it loads', async () => {
    const status = async (introspection: boolean, address: string) => (await off(introspection).request(address)).status
    for (const address of ['/assets/index-ABC.js', '/assets/graphiql-DEF.js', '/favicon.svg', '/graphql'])
      expect(await status(false, address), address).toBe(404)
    expect(await status(true, '/assets/index-ABC.js')).toBe(404)
    for (const address of [
      '/graphql',
      '/favicon.svg',
      '/assets/graphiql-DEF.js',
      '/assets/graphiql-1/graphiql.css',
      '/assets/graphiql-1/json.worker.js',
    ])
      expect(await status(true, address), address).toBe(200)
  })
})
