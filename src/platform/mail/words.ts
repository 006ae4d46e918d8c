import { isIP } from 'node:net'
import { strangersWords } from './layout.ts'

/** '10 minutes': whole ones, rounded down, and one at the least. */
export function inMinutes(count: number): string {
  const whole = Math.max(1, Math.floor(count))
  return whole === 1 ? '1 minute' : `${whole} minutes`
}

/** '12 March 2026 at 14:05 UTC'. */
export function inUtc(date: Date): string {
  const day = date.toLocaleDateString('en-GB', { timeZone: 'UTC', day: 'numeric', month: 'long', year: 'numeric' })
  const time = date.toLocaleTimeString('en-GB', { timeZone: 'UTC', hour: '2-digit', minute: '2-digit' })
  return `${day} at ${time} UTC`
}

/** A request, as a mail tells of it: a stranger's words, who may be anyone. */
export type Asked = { at: Date; deviceName: string; ipAddress: string | null }

/** '12 March 2026 at 14:05 UTC, from Chrome on macOS at 203.0.113.7': when a mail was asked for, and from where. */
export function whenAndWhere({ at, deviceName, ipAddress }: Asked): string {
  const place = ipAddress !== null && isIP(ipAddress) ? ` at ${ipAddress}` : ''
  return `${inUtc(at)}, from ${strangersWords(deviceName) || 'an unknown device'}${place}`
}
