import type { Config } from '../../config.ts'

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'] as const

/**
 * False when a development server is called by a name that is not its own: a foreign page that had its own name point
 * at loopback (DNS rebinding) sends that name. Good are loopback's names with the port that is listened on, and
 * PUBLIC_URL's host. A production server has a proxy in front, and builds nothing from Host.
 */
export function isHostAllowed(
  host: string | undefined,
  config: Pick<Config, 'mode' | 'publicUrl' | 'port'>,
  listeningPort: number = config.port,
): boolean {
  if (config.mode === 'production') return true
  const asked = host?.toLowerCase()
  if (!asked) return false
  if (asked === config.publicUrl.host) return true
  return LOOPBACK_NAMES.some((name) => asked === `${name}:${listeningPort}` || (listeningPort === 80 && asked === name))
}
