import { test } from 'vitest'
import { mkdirSync } from 'node:fs'
import { launchBrowser } from '../support/browser.ts'
import { ada, confirmationRequired, mailSent, refused, signedIn, startFakeServer } from './fake-server.ts'
const OUT = '/tmp/shots'
mkdirSync(OUT, { recursive: true })
test('shots', async () => {
  const fake = await startFakeServer({ mode: 'development' })
  const browser = await launchBrowser()
  const token = 'A'.repeat(43)
  const cases: [string, any, (page: any) => Promise<void>][] = [
    ['home-out', { Me: () => ({ data: { me: null } }) }, (p) => p.goto(fake.url + '/')],
    ['home-in', { Me: () => ({ data: { me: ada } }) }, (p) => p.goto(fake.url + '/')],
    ['home-failed', { Me: () => refused('UNAVAILABLE') }, (p) => p.goto(fake.url + '/')],
    ['signin', {}, (p) => p.goto(fake.url + '/sign-in')],
    ['signin-limited', { RequestMagicLink: () => refused('RATE_LIMITED', { retryAfter: 1523 }) }, async (p) => { await p.goto(fake.url + '/sign-in'); await p.fill('#email', 'ada@example.com'); await p.keyboard.press('Enter'); await p.waitForSelector('#address-error:not(:empty)') }],
    ['signin-redirect', { RequestMagicLink: () => refused('REDIRECT_NOT_ALLOWED') }, async (p) => { await p.goto(fake.url + '/sign-in?redirect_to=https://evil.example'); await p.fill('#email', 'ada@example.com'); await p.keyboard.press('Enter'); await p.waitForSelector('#redirect-note:not([hidden])') }],
    ['mail', { RequestMagicLink: () => mailSent() }, async (p) => { await p.goto(fake.url + '/sign-in'); await p.fill('#email', 'augusta.ada.king.countess.of.lovelace@analytical-engine.example.com'); await p.keyboard.press('Enter'); await p.waitForSelector('#code') }],
    ['mail-wrong', { RequestMagicLink: () => mailSent(), VerifyMagicCode: () => refused('CODE_INVALID') }, async (p) => { await p.goto(fake.url + '/sign-in'); await p.fill('#email', 'ada@example.com'); await p.keyboard.press('Enter'); await p.waitForSelector('#code:visible'); await p.fill('#code', '123456'); await p.waitForSelector('#code-error:not(:empty)') }],
    ['expired', { RequestMagicLink: () => mailSent(0) }, async (p) => { await p.goto(fake.url + '/sign-in'); await p.fill('#email', 'ada@example.com'); await p.keyboard.press('Enter'); await p.waitForSelector('[data-state=expired]:not([hidden])') }],
    ['confirm', { VerifyMagicLink: () => ({ data: { verifyMagicLink: confirmationRequired() } }) }, async (p) => { await p.goto(fake.url + '/auth/verify#' + token); await p.waitForSelector('[data-state=confirm]:not([hidden])') }],
    ['dead', { VerifyMagicLink: () => refused('LINK_INVALID') }, async (p) => { await p.goto(fake.url + '/auth/verify#' + token); await p.waitForSelector('[data-state=dead]:not([hidden])') }],
    ['no-token', {}, async (p) => { await p.goto(fake.url + '/auth/verify'); await p.waitForSelector('[data-state=no-token]:not([hidden])') }],
    ['verify-failed', { VerifyMagicLink: () => refused('INTERNAL', { errorId: '0197a7c0-5f6e-7e01-9f3f-2f6a6f0f5a11' }) }, async (p) => { await p.goto(fake.url + '/auth/verify#' + token); await p.waitForSelector('[data-state=failed]:not([hidden])') }],
  ]
  for (const [name, answers, go] of cases)
    for (const width of [320, 360, 1280])
      for (const colorScheme of ['light', 'dark'] as const) {
        if (width === 320 && colorScheme === 'dark') continue
        fake.answers = answers
        const context = await browser.newContext({ viewport: { width, height: width < 1000 ? 720 : 800 }, colorScheme })
        const page = await context.newPage()
        page.on('console', (m) => console.log(name, m.text()))
        await go(page)
        await page.waitForTimeout(150)
        const over = await page.evaluate('document.documentElement.scrollWidth > innerWidth')
        if (over) console.log('OVERFLOW', name, width)
        await page.screenshot({ path: `${OUT}/${name}-${width}-${colorScheme}.png`, fullPage: true })
        await context.close()
      }
  await browser.close()
  await fake.close()
}, 300_000)
