import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pageRoutes } from '../../../src/features/pages/routes.ts'

let webFolder: string

beforeAll(() => {
  webFolder = mkdtempSync(path.join(tmpdir(), 'latchkey-pages-'))
  mkdirSync(path.join(webFolder, 'assets'))
  for (const name of ['home', 'sign-in', 'account', 'verify', 'not-me', 'cancel-recovery', 'graphiql']) {
    writeFileSync(path.join(webFolder, `${name}.html`), `<!doctype html><html lang="en">${name}</html>`)
  }
  writeFileSync(path.join(webFolder, 'favicon.svg'), '<svg/>')
  writeFileSync(path.join(webFolder, 'assets', 'home-ABC.js'), 'export {}')
  writeFileSync(path.join(webFolder, 'notes.txt'), 'of no known type')
})

afterAll(() => rmSync(webFolder, { recursive: true }))

const routes = (mode: 'development' | 'production') =>
  pageRoutes({
    config: { mode, introspection: mode === 'development', publicUrl: new URL('https://id.example.com') },
    webFolder,
  })

test.each([
  ['/', 'home'],
  ['/sign-in', 'sign-in'],
  ['/account', 'account'],
  ['/auth/verify', 'verify'],
  ['/auth/not-me', 'not-me'],
  ['/auth/cancel-recovery', 'cancel-recovery'],
])('%s is a page that nothing keeps and nothing frames', async (address, name) => {
  const response = await routes('production').request(address)
  expect(response.status).toBe(200)
  expect(await response.text()).toContain(name)
  expect(response.headers.get('content-type')).toMatch(/^text\/html; charset=utf-8$/i)
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(response.headers.get('content-security-policy')).toMatch(/script-src 'self';.*style-src 'self';/)
  expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  expect(response.headers.get('referrer-policy')).toBe('no-referrer')
})

test('HEAD answers as GET does, without the page', async () => {
  const response = await routes('production').request('/sign-in', { method: 'HEAD' })
  expect(response.status).toBe(200)
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(await response.text()).toBe('')
})

test('a built asset may be kept for ever, the picture for a day', async () => {
  const script = await routes('production').request('/assets/home-ABC.js')
  expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
  expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
  expect(script.headers.get('x-content-type-options')).toBe('nosniff')
  const picture = await routes('production').request('/favicon.svg')
  expect(picture.headers.get('content-type')).toBe('image/svg+xml')
  expect(picture.headers.get('cache-control')).toBe('public, max-age=86400')
})

test.each([
  '/assets/../home.html',
  '/assets/%2e%2e/home.html',
  '/assets/..%2fhome.html',
  '/home.html',
  '/notes.txt',
  '/assets/',
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
  const config = { mode: 'production', introspection: false, publicUrl: new URL('https://id.example.com') } as const
  expect(() => pageRoutes({ config, webFolder: path.join(webFolder, 'missing') })).toThrow('npm run build')
})
