import Bowser from 'bowser'

const LONGEST = 400
const MOST_REMEMBERED = 1_000
const UNKNOWN = 'an unknown browser'

// What is no browser, by how its user agent begins.
const PROGRAMS: readonly (readonly [RegExp, string])[] = [
  [/^curl\//i, 'curl'],
  [/^wget\//i, 'Wget'],
  [/^httpie\//i, 'HTTPie'],
  [/^PostmanRuntime\//i, 'Postman'],
  [/^insomnia\//i, 'Insomnia'],
  [/^bruno/i, 'Bruno'],
  [/^(?:node|undici|node-fetch)(?:\/|$)/i, 'Node.js'],
  [/^deno\//i, 'Deno'],
  [/^bun\//i, 'Bun'],
  [/^axios\//i, 'axios'],
  [/^python(?:-requests|-httpx|-urllib)?\//i, 'Python'],
  [/^go-http-client\//i, 'Go'],
  [/^okhttp\//i, 'OkHttp'],
  [/^dart\//i, 'Dart'],
]

// On these the device says more than its system does.
const DEVICES = new Set(['iPhone', 'iPad', 'iPod'])
const BROWSERS = new Set(Object.values(Bowser.BROWSER_MAP))
const SYSTEMS = new Set(Object.values(Bowser.OS_MAP))
const SHORT_NAMES: Readonly<Record<string, string>> = {
  'Microsoft Edge': 'Edge',
  'Samsung Internet for Android': 'Samsung Internet',
  'Android Browser': 'the Android browser',
}

/**
 * What a user agent is called to a person: 'Chrome on macOS', 'Safari on iPhone', 'curl'. Only names from our own
 * lists come out, never a word of the user agent itself, which is the caller's to choose. Never throws.
 */
export function deviceNameOf(userAgent: string | null): string {
  const cleaned = cleanUserAgent(userAgent)
  if (cleaned === null) return UNKNOWN
  const known = remembered.get(cleaned)
  if (known) return known
  const program = PROGRAMS.find(([pattern]) => pattern.test(cleaned))
  const name = program ? program[1] : browserNameOf(cleaned)
  if (remembered.size >= MOST_REMEMBERED) remembered.clear()
  remembered.set(cleaned, name)
  return name
}

// Reading a user agent takes longer than most requests, and one browser sends the same each time.
const remembered = new Map<string, string>()

/** A user agent fit to be kept and shown: no control characters, whole characters only, 400 at the most. Null for none. */
export function cleanUserAgent(text: string | null): string | null {
  if (text === null) return null
  const cleaned = text
    .slice(0, LONGEST)
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
  return cleaned === '' ? null : cleaned
}

function browserNameOf(userAgent: string): string {
  try {
    const { browser, os, platform } = Bowser.parse(userAgent)
    const name = browser.name && BROWSERS.has(browser.name) ? (SHORT_NAMES[browser.name] ?? browser.name) : UNKNOWN
    const place = platform.model && DEVICES.has(platform.model) ? platform.model : os.name
    const isKnown = place !== undefined && (DEVICES.has(place) || SYSTEMS.has(place))
    return isKnown ? `${name} on ${place}` : name
  } catch {
    return UNKNOWN
  }
}
