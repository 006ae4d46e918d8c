import type { Config } from '../../config.ts'

/**
 * What an answer is: data; a page of ours; a script, style or picture that a page loads; GraphiQL; the development
 * mailbox, which shows mails in frames.
 */
export type AnswerKind = 'api' | 'page' | 'asset' | 'graphiql' | 'mailbox'

type Policy = Readonly<Record<string, string>>

const NOTHING: Policy = {
  'default-src': "'none'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
}

const PAGE: Policy = {
  ...NOTHING,
  'script-src': "'self'",
  'style-src': "'self'",
  'img-src': "'self' data:",
  'font-src': "'self'",
  'connect-src': "'self'",
  'manifest-src': "'self'",
  'form-action': "'self'",
}

const POLICIES: Readonly<Record<AnswerKind, Policy>> = {
  api: NOTHING,
  asset: NOTHING,
  // Their one Worker holds the keys of end-to-end encryption. No text becomes a script, but through one policy of theirs
  // that knows that Worker's address: src/web/trusted-worker.ts.
  page: {
    ...PAGE,
    'worker-src': "'self'",
    'require-trusted-types-for': "'script'",
    'trusted-types': 'latchkey-worker',
  },
  // Its editor writes styles of its own and runs workers; all of its scripts are files. Off in production unless asked for.
  graphiql: {
    ...PAGE,
    'style-src': "'self' 'unsafe-inline'",
    'font-src': "'self' data:",
    'worker-src': "'self'",
  },
  // Mails are styled inline. Still no script but the page's own: frames take over this policy.
  mailbox: { ...PAGE, 'style-src': "'self' 'unsafe-inline'", 'frame-src': "'self'", 'frame-ancestors': "'self'" },
}

const EVERYWHERE = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': [
    'accelerometer=()',
    'camera=()',
    'display-capture=()',
    'geolocation=()',
    'gyroscope=()',
    'microphone=()',
    'midi=()',
    'payment=()',
    'usb=()',
    'publickey-credentials-create=(self)',
    'publickey-credentials-get=(self)',
  ].join(', '),
} as const

const TWO_YEARS_IN_SECONDS = 63_072_000

/** The security headers of an answer, by what it is. HSTS only where the site is https. */
export function securityHeaders(kind: AnswerKind, { publicUrl }: Pick<Config, 'publicUrl'>): Record<string, string> {
  return {
    ...EVERYWHERE,
    'Content-Security-Policy': written(POLICIES[kind]),
    'X-Frame-Options': kind === 'mailbox' ? 'SAMEORIGIN' : 'DENY',
    // Nothing that may hold a person's data, or a page that may be out of date, stays in a cache.
    'Cache-Control': kind === 'asset' ? 'no-cache' : 'no-store',
    ...(publicUrl.protocol === 'https:' && { 'Strict-Transport-Security': `max-age=${TWO_YEARS_IN_SECONDS}` }),
  }
}

function written(policy: Policy): string {
  return Object.entries(policy)
    .map(([directive, sources]) => `${directive} ${sources}`)
    .join('; ')
}
