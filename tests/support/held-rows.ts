import { setTimeout as delay } from 'node:timers/promises'
import type { TestApp } from './app.ts'

type Tx = Parameters<Parameters<TestApp['services']['database']['systemDb']['$transaction']>[0]>[0]

/** Resolves once so many statements of this database wait for a lock: each is then where the test wants it. PostgreSQL alone. */
export async function untilWaiting({ services }: TestApp, count: number): Promise<void> {
  for (;;) {
    const [row] = await services.database.systemDb.$queryRawUnsafe<{ waiting: number }[]>(
      `SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    )
    if ((row?.waiting ?? 0) >= count) return
    await delay(10)
  }
}

/** Holds rows until it is let go. */
export async function hold({ services }: TestApp, lock: (tx: Tx) => Promise<unknown>): Promise<() => Promise<void>> {
  let release = (): void => {}
  const released = new Promise<void>((resolve) => (release = resolve))
  let locked = (): void => {}
  const isLocked = new Promise<void>((resolve) => (locked = resolve))
  const done = services.database.systemDb.$transaction(
    async (tx) => {
      await lock(tx)
      locked()
      await released
    },
    { timeout: 20_000 },
  )
  await isLocked
  return async () => {
    release()
    await done
  }
}
