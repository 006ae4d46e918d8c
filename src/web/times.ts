import { serverNow } from './server-clock.ts'

/** '40 seconds', '1 minute', '12 minutes', '2 hours': rounded up, so that nobody comes back too early. */
export function duration(seconds: number): string {
  if (seconds < 60) return count(Math.max(1, Math.ceil(seconds)), 'second')
  if (seconds < 5400) return count(Math.ceil(seconds / 60), 'minute')
  return count(Math.ceil(seconds / 3600), 'hour')
}

/** '1 note', '1,200 notes'. */
export const count = (n: number, unit: string): string => `${n.toLocaleString()} ${unit}${n === 1 ? '' : 's'}`

/** '14:05', as the reader's own clock writes it. */
export const clockTime = (at: Date): string => new Intl.DateTimeFormat(undefined, { timeStyle: 'short' }).format(at)

/** 'Friday, 27 November 2026', as the reader writes it. */
export const day = (at: Date): string => new Intl.DateTimeFormat(undefined, { dateStyle: 'full' }).format(at)

/** A date and a time, as the reader writes them. */
export const dateAndTime = (at: Date): string =>
  new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' }).format(at)

/** 'just now', '3 minutes ago', or the date when that is long past. */
export function ago(at: Date): string {
  const seconds = (serverNow() - at.getTime()) / 1000
  if (seconds < 60) return `just now (${clockTime(at)})`
  return seconds < 43_200 ? `${count(Math.floor(seconds / 60), 'minute')} ago (${clockTime(at)})` : dateAndTime(at)
}
