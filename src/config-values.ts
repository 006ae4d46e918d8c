import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { canonicalEmail } from './features/sign-in/canonical-email.ts'
import { parseMasterKeys } from './platform/crypto/master-keys.ts'
import { isNetwork } from './platform/http/client-ip.ts'

/** The name under which one can reach oneself, where plain http is safe. */
const LOOPBACK_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]'])

/** Reads a text as a value. What it says of a text that it refuses never repeats the text: it may be a secret. */
function read<Value>(parse: (text: string) => Value): z.ZodType<Value, string> {
  return z.string().transform((text, context) => {
    try {
      return parse(text)
    } catch (error) {
      // The parsers below throw messages of ours alone.
      context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : 'It cannot be read.' })
      return z.NEVER
    }
  })
}

export function wholeNumber(least: number, most: number): z.ZodType<number, string> {
  return read((text) => {
    const value = Number(text)
    if (!/^\d{1,10}$/.test(text) || value < least || value > most)
      throw new Error(`It is not a whole number from ${least} to ${most}.`)
    return value
  })
}

export function positiveNumber(most: number): z.ZodType<number, string> {
  return read((text) => {
    const value = Number(text)
    if (!/^\d{1,7}(\.\d{1,6})?$/.test(text) || value <= 0 || value > most)
      throw new Error(`It is not a number above 0, up to ${most}.`)
    return value
  })
}

export function oneOf<const Choice extends string>(...choices: readonly Choice[]): z.ZodType<Choice, string> {
  return read((text) => {
    const choice = choices.find((name) => name === text)
    if (choice === undefined) throw new Error(`It is none of: ${choices.join(', ')}.`)
    return choice
  })
}

/** A secret text of some length. */
export function secret(least: number): z.ZodType<string, string> {
  return read((text) => {
    if (text.length < least) throw new Error(`It is shorter than ${least} characters.`)
    if (!/^[\x21-\x7e]+$/.test(text)) throw new Error('It holds spaces or characters beyond ASCII.')
    return text
  })
}

export const folder = read((text) => {
  if (/\p{Cc}/u.test(text)) throw new Error('It is not the name of a folder.')
  return text
})

export const file = read((text) => {
  if (/\p{Cc}/u.test(text)) throw new Error('It is not the name of a file.')
  return text
})

/** A few words that are shown to people. */
export const shortText = read((text) => {
  if (/\p{Cc}/u.test(text) || text.length > 64) throw new Error('It holds control characters, or more than 64 in all.')
  return text
})

/** A domain in ASCII, of two labels at the least, or localhost. */
export const domain = read((text) => {
  const name = text.toLowerCase()
  if (name !== 'localhost' && !/^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/.test(name))
    throw new Error('It is not a domain: a name without scheme, port or path.')
  return name
})

export const webhookUrl = read((text) => {
  const url = httpUrl(text)
  if (url.username || url.password) throw new Error('It holds a user name or password.')
  if (url.protocol === 'http:' && !LOOPBACK_HOSTS.has(url.hostname))
    throw new Error('It is plain http, which is safe on localhost alone.')
  return url.href
})

/** What to listen on: a name or an address. */
export const listenHost = read((text) => {
  if (!/^[A-Za-z0-9.:_-]{1,253}$/.test(text))
    throw new Error('It is not a host name or an address to listen on (without brackets, port or scheme).')
  return text
})

export const publicUrl = read((text) => {
  const url = httpUrl(text)
  if (url.username || url.password) throw new Error('It holds a user name or password.')
  if (url.pathname !== '/' || url.search || url.hash || /[?#]/.test(text))
    throw new Error('It has a path; Latchkey is served at the root of its own origin.')
  if (url.protocol === 'http:' && !LOOPBACK_HOSTS.has(url.hostname))
    throw new Error('It is plain http, which is safe on localhost alone.')
  return new URL(url.origin)
})

/** Where pages stand: an address with or without a path, given back with a slash at its end. */
export const pagesUrl = read((text) => {
  const url = httpUrl(text)
  if (url.username || url.password) throw new Error('It holds a user name or password.')
  if (url.search || url.hash || /[?#]/.test(text)) throw new Error('It has more than an origin and a path.')
  return new URL(`${url.origin}${url.pathname.replace(/\/*$/, '/')}`)
})

export const origins = read((text) => items(text).map(exactOrigin))

export const networks = read((text) =>
  items(text).map((item, index) => {
    if (!isNetwork(item))
      throw new Error(`Item ${index + 1} is neither an address nor a network that names whom to trust.`)
    return item
  }),
)

export const emails = read((text) => items(text).map((item) => canonicalEmail(item)))

export const masterKeys = read(parseMasterKeys)

export const databaseUrl = read((text): { file: string } | { url: string } => {
  if (/^file:/i.test(text)) return { file: sqliteFile(text) }
  if (!/^postgres(ql)?:\/\//i.test(text) || !URL.canParse(text))
    throw new Error('It is neither file:<path> nor a postgres:// URL.')
  return { url: text }
})

export const redisUrl = urlOf('redis', 'rediss')
export const smtpUrl = urlOf('smtp', 'smtps')

/** 'Name <name@example.com>' or the address alone. */
export const sender = read((text) => {
  const [, name = '', address = ''] = /^(?:([^<>]*?)\s*<([^<>]+)>)$/.exec(text) ?? ['', '', text]
  if (/[\p{C}"(),:;@[\\\]]/u.test(name)) throw new Error('The name of the sender holds characters that need quoting.')
  // Its spelling stays as it was given: a provider may have approved just that.
  canonicalEmail(address)
  return text
})

function items(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

function httpUrl(text: string): URL {
  if (!/^https?:\/\/[^/]/i.test(text) || !URL.canParse(text)) throw new Error('It is not an http or https URL.')
  return new URL(text)
}

function exactOrigin(item: string, index: number): string {
  const place = `Origin ${index + 1}`
  if (item.includes('*')) throw new Error(`${place} has a *; each origin is named whole.`)
  if (!/^https?:\/\/[^/]/i.test(item) || !URL.canParse(item)) throw new Error(`${place} is not scheme://host.`)
  const { origin } = new URL(item)
  if (item.toLowerCase() !== origin)
    throw new Error(
      `${place} has more than scheme, host and port. Leave out a path, a slash at the end, and a default port.`,
    )
  return origin
}

function sqliteFile(text: string): string {
  if (/[?#]/.test(text)) throw new Error('A SQLite file takes no parameters.')
  const path = /^file:\/\//i.test(text) ? fileURLToPath(text) : text.slice('file:'.length)
  if (path === '' || path === ':memory:' || /\p{Cc}/u.test(path))
    throw new Error('It names no file; a database in memory would be lost.')
  return path
}

function urlOf(...schemes: readonly string[]): z.ZodType<string, string> {
  return read((text) => {
    const fits = schemes.some((scheme) => text.toLowerCase().startsWith(`${scheme}://`)) && URL.canParse(text)
    if (!fits || new URL(text).hostname === '')
      throw new Error(`It is not a ${schemes.map((scheme) => `${scheme}://`).join(' or ')} URL with a host.`)
    return text
  })
}
