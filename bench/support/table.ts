import type { Spread } from './spread.ts'

/** One line of the report. `ok` is null where there is no target. */
export type Line = {
  name: string
  database: string
  measured: string
  byCpu?: string
  detail?: string
  target: string
  ok: boolean | null
}

type RatioLine = { name: string; database: string; ratio: Spread; cpuRatio: Spread | null; detail?: string }

/** The line of a ratio of two throughputs that must not fall below a number; no number, no target. */
export function ratioLine({ ratio, cpuRatio, ...line }: RatioLine, atLeast: number | null): Line {
  return {
    ...line,
    measured: written(ratio),
    ...(cpuRatio && { byCpu: written(cpuRatio) }),
    target: atLeast === null ? '' : `>= ${atLeast.toFixed(2)}`,
    ok: atLeast === null ? null : ratio.median >= atLeast,
  }
}

function written({ median, lowest, highest }: Spread): string {
  return `${median.toFixed(2)} (${lowest.toFixed(2)}-${highest.toFixed(2)})`
}

const COLUMNS = ['measurement', 'database', 'measured', 'by CPU', 'target', '', ''] as const

/** Prints the report. */
export function printTable(lines: readonly Line[]): void {
  const rows = [COLUMNS, ...lines.map(cellsOf)]
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  for (const row of rows)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
}

function cellsOf({ name, database, measured, byCpu = '', target, ok, detail = '' }: Line): string[] {
  return [name, database, measured, byCpu, target, ok === null ? '' : ok ? 'ok' : 'MISSED', detail]
}
