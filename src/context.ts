import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RequestAccessLog } from './features/audit/request-access-log.ts'
import { makeAccessLog } from './features/audit/request-access-log.ts'
import { deviceIdFor } from './features/devices/device-cookie.ts'
import { nobodysDb } from './features/sessions/nobodys-db.ts'
import { readSession, standingOf } from './features/sessions/read-session.ts'
import type { Fate } from './features/sessions/read-session.ts'
import type { ScopedDb } from './platform/db/types.ts'
import type { Taken } from './platform/limits/limiter.ts'
import { clientIp } from './platform/http/client-ip.ts'
import { cleanUserAgent, deviceNameOf } from './platform/user-agent.ts'
import { AppError } from './errors.ts'
import type { Services } from './services.ts'
import type { Viewer, ViewerSession, ViewerUser } from './viewer.ts'

/** Where a request comes from, as the security log tells it. */
export type Origin = { ipAddress: string | null; userAgent: string | null; deviceName: string }

/** What one request gets. A function that takes this acts as the viewer, and reaches the viewer's rows alone. */
export type Context = {
  services: Services
  viewer: Viewer | null
  /** The viewer's own rows. Asking for it when nobody is signed in is refused. */
  db: ScopedDb
  origin: Origin
  /** The Cookie header, where this request may carry one. */
  cookieHeader: string | null
  /** The id of this browser, where it has signed in with the address before. Null in any other. */
  deviceIdFor(email: string): Promise<string | null>
  accessLog: RequestAccessLog
  /** What has become of the session that asked, for what goes on for long. Looking is no use of the session. */
  standing(): Promise<Fate>
  /** Calls back when the connection is gone, or the answer complete. */
  onClose(act: () => void): void
  /** What this request began or renewed: its answer speaks of this session as the current one. */
  issued: { user: ViewerUser; session: ViewerSession } | null
  /** How many rows with large columns this request has asked for: aliases must not add up to the whole memory. */
  largeRows: number
  /** What the limits said, for the answer's headers. */
  limitsTaken: Taken[]
  addCookie(setCookie: string): void
  setHeaders(headers: Readonly<Record<string, string>>): void
}

/** Makes the context of a request that the transport let through. `cookieHeader` is null where cookies do not count. */
export async function makeContext(
  services: Services,
  request: IncomingMessage,
  response: ServerResponse,
  cookieHeader: string | null,
): Promise<Context> {
  const origin = originOf(services, request)
  const viewer = cookieHeader ? await whoAsks(services, cookieHeader, origin) : null
  const accessLog = makeAccessLog(services, origin, viewer)
  return {
    services,
    viewer,
    origin,
    cookieHeader,
    deviceIdFor: askedOnce((email) => deviceIdFor(services, cookieHeader, email)),
    accessLog,
    standing: () => standingOf(services, { cookieHeader, viewer }),
    onClose: (act) => void (response.closed ? act() : response.once('close', act)),
    issued: null,
    largeRows: 0,
    limitsTaken: [],
    db: viewer ? services.database.scopeToUser(viewer.user.id, accessLog) : nobodysDb,
    addCookie: (setCookie) => void response.appendHeader('set-cookie', setCookie),
    setHeaders: (headers) => {
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    },
  }
}

/** Asks once for each text, and remembers the answer for as long as the request goes on. */
function askedOnce<Answer>(ask: (text: string) => Promise<Answer>): (text: string) => Promise<Answer> {
  const answers = new Map<string, Promise<Answer>>()
  return (text) => {
    const answer = answers.get(text) ?? ask(text)
    answers.set(text, answer)
    return answer
  }
}

// A store that fails leaves it open who asks, and then nothing is done: nobody is taken for signed in, or for a stranger.
async function whoAsks(services: Services, cookieHeader: string, origin: Origin): Promise<Viewer | null> {
  try {
    return await readSession(services, cookieHeader, origin)
  } catch (error) {
    services.log.error('session.unreadable', { error })
    throw new AppError('UNAVAILABLE', 'The server cannot tell just now who asks. Nothing was done. Try again.')
  }
}

function originOf({ config }: Services, request: IncomingMessage): Origin {
  const userAgent = cleanUserAgent(request.headers['user-agent'] ?? null)
  return {
    ipAddress: clientIp(request.socket.remoteAddress, request.headers, config.trustedProxies),
    userAgent,
    deviceName: deviceNameOf(userAgent),
  }
}
