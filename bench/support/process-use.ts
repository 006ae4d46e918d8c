import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

// The unit of /proc (USER_HZ), on every Linux that Node runs on.
const TICKS_PER_SECOND = 100

/** Processor time that a process has used so far, in seconds; null where there is no /proc. */
export function cpuSeconds(pid: number): number | null {
  const file = `/proc/${pid}/stat`
  if (!existsSync(file)) return null
  // The name in brackets may hold anything; the fields behind it are numbers.
  const fields = readFileSync(file, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/** Resident memory of a process, in MB. */
export function residentMegabytes(pid: number): number {
  const kilobytes = execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })
  return Number(kilobytes.trim()) / 1_024
}
