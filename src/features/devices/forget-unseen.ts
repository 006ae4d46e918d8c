import type { Job } from '../../platform/jobs.ts'
import { KEPT_MS } from './device-cookie.ts'

/**
 * Removes devices and places that an account was not signed in to from for 400 days. An account that nobody used for so
 * long keeps them: without any, its next sign-in would be taken for its first, and told to nobody.
 */
export const forgetUnseen: Job = {
  name: 'devices.forget-unseen',
  everyMs: 6 * 60 * 60_000,
  async run({ database: { systemDb }, now }) {
    const before = new Date(now().getTime() - KEPT_MS)
    const unseen = { lastSeenAt: { lt: before }, user: { lastLoginAt: { gte: before } } }
    // A few rows a day: those whose last day this is.
    await systemDb.knownDevice.deleteMany({ where: unseen })
    await systemDb.knownPlace.deleteMany({ where: unseen })
  },
}
