import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'
import type { Browser } from 'playwright-core'

const USUAL_PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** The browser on this machine: CHROMIUM_PATH, or the first of the usual places; null when there is none. */
export function chromiumPath(): string | null {
  const named = process.env['CHROMIUM_PATH']
  if (named) return named
  return USUAL_PLACES.find((place) => existsSync(place)) ?? null
}

/**
 * Whether the browser's tests are left out, which is said loudly. In CI they are never left out: there a missing
 * browser is a failure.
 */
export function withoutBrowser(): boolean {
  if (chromiumPath() !== null) return false
  if (process.env['CI']) throw new Error('No Chromium was found. Install it, or set CHROMIUM_PATH.')
  console.warn('\n!!! LEFT OUT: the tests in a browser. Install Chromium, or set CHROMIUM_PATH. !!!\n')
  return true
}

/** Starts a browser with an empty profile. The caller closes it. */
export function launchBrowser(): Promise<Browser> {
  const executablePath = chromiumPath()
  if (executablePath === null) throw new Error('No Chromium was found. Install it, or set CHROMIUM_PATH.')
  return chromium.launch({ executablePath, args: FLAGS })
}
