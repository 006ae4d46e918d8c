import { describe, expect, test } from 'vitest'
import { arrows, sourceFiles } from './imports.ts'
import type { Arrow } from './imports.ts'

/*
 * main -> app -> features -> platform -> shared, and web -> client -> shared. An arrow that runs the other way makes a
 * thing that cannot be read, tested or replaced alone. What a zone leans on stands here; what must be otherwise stands
 * below, by name and with its reason.
 */
const ZONES = {
  shared: [],
  // What everything is made of: refusals, who asks, the clock.
  words: ['shared'],
  generated: [],
  platform: ['words', 'shared'],
  config: ['platform', 'words', 'shared'],
  schema: ['platform', 'words', 'shared', 'generated'],
  features: ['schema', 'platform', 'words', 'shared', 'generated'],
  context: ['platform', 'words', 'shared'],
  graphql: ['context', 'schema', 'platform', 'words', 'shared'],
  app: ['context', 'graphql', 'features', 'schema', 'config', 'platform', 'words', 'shared'],
  main: ['app', 'config', 'platform', 'words', 'shared'],
  client: ['shared'],
  web: ['client', 'shared'],
} as const satisfies Record<string, readonly string[]>
type Zone = keyof typeof ZONES

/** The files that stand at the top of src. A new one is given its zone here. */
const AT_THE_TOP: Readonly<Record<string, Zone>> = {
  'errors.ts': 'words',
  'viewer.ts': 'words',
  'clock.ts': 'words',
  'config.ts': 'config',
  'config-values.ts': 'config',
  'config-mending.ts': 'config',
  'services.ts': 'context',
  'context.ts': 'context',
  'app.ts': 'app',
  'main.ts': 'main',
  'doctor.ts': 'main',
  'doctor-main.ts': 'main',
  'load-env-file.ts': 'main',
  'start-faults.ts': 'main',
}

/** What each feature may lean on: downhill only. A new feature takes a new line. */
const FEATURES: Readonly<Record<string, readonly string[]>> = {
  audit: [],
  alerts: ['audit'],
  devices: ['audit', 'alerts'],
  sessions: ['audit', 'alerts', 'devices'],
  'sign-in': ['audit', 'alerts', 'devices', 'sessions'],
  'magic-link': ['audit', 'sessions', 'sign-in'],
  encryption: ['audit', 'alerts', 'sessions'],
  passkeys: ['audit', 'alerts', 'sessions', 'sign-in', 'encryption'],
  recovery: ['audit', 'alerts', 'sessions', 'sign-in', 'encryption', 'passkeys'],
  disown: ['alerts', 'passkeys', 'recovery', 'sessions'],
  reauthentication: ['audit', 'sessions', 'sign-in', 'magic-link'],
  records: ['audit', 'sessions', 'encryption'],
  mailbox: [],
  pages: [],
}

type Exception = { from: RegExp; to: RegExp; types?: 'only'; why: string }

const EXCEPTIONS: readonly Exception[] = [
  // Types, which are gone when the code runs.
  { from: /^(platform|features)\//, to: /^config\.ts$/, types: 'only', why: 'Config says which settings a part needs' },
  { from: /^(context|services)\.ts$/, to: /^config\.ts$/, types: 'only', why: 'Services holds the settings' },
  {
    from: /^(features|schema|graphql)\//,
    to: /^(context|services)\.ts$/,
    types: 'only',
    why: 'what a request or the server hands to a verb',
  },
  {
    from: /^platform\/jobs\.ts$/,
    to: /^services\.ts$/,
    types: 'only',
    why: 'a job is run with the services, and uses none of them here',
  },
  {
    from: /^services\.ts$/,
    to: /^features\/audit\/(audit-log|read-tally)\.ts$/,
    types: 'only',
    why: 'the security log and the tally of reads are opened once, as the platform is',
  },
  {
    from: /^platform\/(db|outbox)\//,
    to: /^generated\//,
    types: 'only',
    why: 'the rows and clients that Prisma makes',
  },
  // Values.
  {
    from: /^platform\/db\/(client|own-models)\.ts$/,
    to: /^generated\//,
    why: 'opens the clients, and reads the model of the tables',
  },
  {
    from: /^context\.ts$/,
    to: /^features\/(audit\/request-access-log|devices\/device-cookie|sessions\/(read-session|nobodys-db))\.ts$/,
    why: 'makes what each request gets',
  },
  {
    from: /^schema\/index\.ts$/,
    to: /^features\/index\.ts$/,
    why: 'the table of contents, whose types make the schema',
  },
  { from: /^schema\/require-level\.ts$/, to: /^features\/sessions\/level\.ts$/, why: 'the levels, which are pure' },
  { from: /^schema\/guarded\.ts$/, to: /^features\/levels\.ts$/, why: 'the table of levels, which is pure' },
  {
    from: /^(schema\/rate-limit|config|doctor)\.ts$/,
    to: /^features\/limits\.ts$/,
    why: 'the table of limits, which is pure',
  },
  {
    from: /^config-values\.ts$/,
    to: /^features\/sign-in\/canonical-email\.ts$/,
    why: 'one form of an address, which is pure',
  },
]

function zoneOf(path: string): Zone {
  const [folder = '', ...rest] = path.split('/')
  const zone = rest.length === 0 ? AT_THE_TOP[folder] : folder
  if (zone === undefined || !Object.hasOwn(ZONES, zone))
    throw new Error(`src/${path} has no zone. Give it one in tests/architecture/imports.test.ts.`)
  return zone as Zone // a key of ZONES, as just checked
}

const isExcepted = ({ from, to, typeOnly }: Arrow, { from: source, to: target, types }: Exception) =>
  source.test(from) && target.test(to) && (types !== 'only' || typeOnly)

function runsTheWrongWay(arrow: Arrow): boolean {
  if (EXCEPTIONS.some((exception) => isExcepted(arrow, exception))) return false
  const [from, to] = [zoneOf(arrow.from), zoneOf(arrow.to)]
  const below: readonly string[] = ZONES[from]
  if (from !== to) return !below.includes(to)
  return from === 'features' && goesUphill(arrow)
}

function goesUphill({ from, to }: Arrow): boolean {
  if (from === 'features/index.ts' || to === 'features/limits.ts' || to === 'features/levels.ts') return false
  const [source = '', target = ''] = [from, to].map((path) => path.split('/')[1] ?? '')
  return source !== target && !FEATURES[source]?.includes(target)
}

const all = arrows()
const inner = all.filter(({ isPackage }) => !isPackage)
const inWords = (list: readonly Arrow[]) =>
  list.map(({ from, to, typeOnly }) => `${from} -> ${to}${typeOnly ? ' (types)' : ''}`)

describe('who imports whom', () => {
  test('the walk sees the imports that are there', () => {
    expect(inner.length).toBeGreaterThan(200)
    const seen = inWords(inner)
    expect(seen).toContain('main.ts -> app.ts')
    expect(seen).toContain('schema/index.ts -> features/index.ts')
    expect(seen).toContain('features/records/schema.ts -> schema/builder.ts')
    expect(seen).toContain('platform/db/client.ts -> generated/postgresql/client.ts') // imported when it is needed
    expect(seen).toContain('context.ts -> viewer.ts (types)')
  })

  test('no arrow runs the wrong way', () => {
    expect(inWords(inner.filter(runsTheWrongWay))).toEqual([])
  })

  test('an arrow that runs the wrong way is found', () => {
    const arrow = (from: string, to: string, typeOnly = false): Arrow => ({ from, to, typeOnly, isPackage: false })
    const wrong = [
      arrow('platform/log.ts', 'features/limits.ts'),
      arrow('platform/log.ts', 'config.ts'),
      arrow('platform/jobs.ts', 'services.ts'),
      arrow('shared/error-codes.ts', 'errors.ts', true),
      arrow('features/audit/schema.ts', 'features/sessions/schema.ts'),
      arrow('features/sessions/schema.ts', 'features/magic-link/schema.ts', true),
      arrow('features/sign-in/complete-sign-in.ts', 'features/magic-link/redeem.ts'),
      arrow('features/records/schema.ts', 'features/magic-link/redeem.ts'),
      arrow('features/records/schema.ts', 'context.ts'),
      arrow('features/records/schema.ts', 'app.ts', true),
      arrow('app.ts', 'main.ts'),
      arrow('client/index.ts', 'errors.ts'),
      arrow('web/sign-in.ts', 'platform/log.ts'),
      arrow('graphql/yoga.ts', 'features/records/schema.ts'),
      arrow('platform/http/cookies.ts', 'generated/sqlite/client.ts', true),
    ]
    expect(wrong.filter((one) => !runsTheWrongWay(one))).toEqual([])
  })

  test('each exception is still needed', () => {
    const unused = EXCEPTIONS.filter((exception) => !inner.some((arrow) => isExcepted(arrow, exception)))
    expect(unused.map(({ why }) => why)).toEqual([])
  })

  test('each feature has its line, and leans on what is there', () => {
    const folders = new Set(sourceFiles().flatMap(({ path }) => /^features\/([^/]+)\//.exec(path)?.[1] ?? []))
    expect(Object.keys(FEATURES).sort()).toEqual([...folders].sort())
    expect(
      Object.values(FEATURES)
        .flat()
        .filter((feature) => !folders.has(feature)),
    ).toEqual([])
  })

  test('no circle of imports that runs', () => {
    // The builder's own circle: features make their types on it, and it finds them through their table of contents.
    const running = inner.filter(
      ({ typeOnly, to, from }) => !typeOnly && !to.startsWith('generated/') && from !== 'schema/index.ts',
    )
    expect(circleIn(running)).toEqual([])
    const arrow = (from: string, to: string): Arrow => ({ from, to, typeOnly: false, isPackage: false })
    expect(circleIn([arrow('a', 'b'), arrow('b', 'c'), arrow('c', 'b')])).toEqual(['b', 'c', 'b'])
  })

  test('what is shared stands alone, and the client nearly: few packages, and none of the server', () => {
    const packages = (folder: string) => [
      ...new Set(all.filter((arrow) => arrow.isPackage && arrow.from.startsWith(folder)).map(({ to }) => to)),
    ]
    expect(packages('shared/')).toEqual([])
    expect(packages('client/').sort()).toEqual([
      // WebAuthn's binary forms, and what browsers do differently: a few hundred lines that are not ours to keep.
      '@simplewebauthn/browser',
      // How hard a passphrase is to guess; loaded where one is chosen.
      '@zxcvbn-ts/core',
      '@zxcvbn-ts/language-common',
      '@zxcvbn-ts/language-en',
      // Envelopes: no cryptography is written here.
      'jose',
      'uuid',
    ])
    expect(packages('web/').filter((name) => name.startsWith('node:'))).toEqual([])
  })
})

describe('who may say what', () => {
  const filesThatSay = (word: RegExp) => sourceFiles().filter(({ text }) => word.test(text)).map(({ path }) => path).sort() // prettier-ignore

  test('systemDb reaches every row: few say its name', () => {
    const reasons = {
      'app.ts': 'hands it to the check of the keys',
      'features/devices/device-cookie.ts': 'asks whether a browser is known, before there is a viewer',
      'features/disown/disown-alert.ts': 'acts for whoever reads the mail, signed in or not',
      'features/alerts/note-failure.ts': 'warns whoever a failed sign-in was aimed at',
      'features/alerts/remove-old-alerts.ts': 'a job over all users',
      'features/alerts/weigh-reads.ts': 'a job over all users',
      'features/audit/remove-old-entries.ts': 'a job over all users',
      'features/devices/forget-unseen.ts': 'a job over all users',
      'features/encryption/change-keys.ts': 'locks the account, which is no owned row, in the transaction of its keys',
      'features/magic-link/refuse.ts': 'logs a failure for the account it was aimed at',
      'features/magic-link/remove-dead-links.ts': 'a job over all users',
      'features/magic-link/request-magic-link.ts': 'there is no viewer yet',
      'features/magic-link/verify-magic-code.ts': 'there is no viewer yet',
      'features/magic-link/verify-magic-link.ts': 'there is no viewer yet',
      'features/reauthentication/remove-old-codes.ts': 'a job over all users',
      'features/reauthentication/request-code.ts': 'its mail belongs to nobody',
      'features/passkeys/begin-ceremony.ts': 'there is no viewer yet',
      'features/passkeys/challenges.ts': 'a challenge belongs to a browser, and is there before a viewer is',
      'features/passkeys/complete-registration.ts':
        'counts on the account, which is no owned row, in the transaction of the passkey',
      'features/passkeys/devices.ts': 'counts on the account, which is no owned row, in the transaction of the passkey',
      'features/passkeys/find-passkey.ts': 'there is no viewer yet',
      'features/passkeys/refuse-login.ts': 'logs a failure for the account it was aimed at',
      'features/passkeys/remove-old-challenges.ts': 'a job over all users',
      'features/passkeys/sign-in-options.ts': 'there is no viewer yet',
      'features/passkeys/warn-of-copy.ts': 'warns the owner of a passkey, who is not there',
      'features/recovery/cancel-recovery.ts': 'acts for whoever reads the mail, signed in or not',
      'features/recovery/in-turn.ts': 'locks the account, which is no owned row, in the transaction of its recovery',
      'features/recovery/remind.ts': 'a job over all users',
      'features/recovery/remove-former-keys.ts': 'a job over all users',
      'features/recovery/remove-old-requests.ts': 'a job over all users',
      'features/sign-in/complete-sign-in.ts': 'signs in: there is no viewer yet',
      'features/sessions/read-session.ts': 'finds out who the viewer is',
      'features/sessions/remove-dead-sessions.ts': 'a job over all users',
      'platform/crypto/check-keys.ts': "the server's own facts",
      'platform/db/client.ts': 'opens it',
      'platform/outbox/deliver.ts': 'the outbox belongs to nobody',
      'platform/outbox/outbox.ts': 'the outbox belongs to nobody',
    }
    expect(filesThatSay(/\bsystemDb\b/)).toEqual(Object.keys(reasons).sort())
  })

  test('the prepared statements that run as the server are few too', () => {
    expect(filesThatSay(/\bdatabase\.read\b|\$queryRaw|\$executeRaw/)).toEqual([
      'features/sessions/read-session.ts',
      'platform/db/database-clock.ts',
    ])
  })

  test('the environment is read by the processes, and handed on', () => {
    expect(filesThatSay(/process\.env|process\[/)).toEqual(['doctor-main.ts', 'main.ts'])
  })

  test('nothing is printed but by the log, the start and the doctor', () => {
    const code = filesThatSay(/\bconsole\.|process\.(stdout|stderr)\.write/).filter(
      (path) => !/^(web|client)\//.test(path),
    )
    expect(code.filter((path) => !['main.ts', 'doctor-main.ts'].includes(path))).toEqual([])
  })
})

/** Some circle among the arrows, as the files on it; empty when there is none. */
function circleIn(list: readonly Arrow[]): string[] {
  const targets = new Map<string, Arrow[]>()
  for (const arrow of list) targets.set(arrow.from, [...(targets.get(arrow.from) ?? []), arrow])
  const done = new Set<string>()
  const visit = (file: string, above: string[]): string[] => {
    if (above.includes(file)) return [...above.slice(above.indexOf(file)), file]
    if (done.has(file)) return []
    for (const { to } of targets.get(file) ?? []) {
      const circle = visit(to, [...above, file])
      if (circle.length > 0) return circle
    }
    done.add(file)
    return []
  }
  for (const file of targets.keys()) {
    const circle = visit(file, [])
    if (circle.length > 0) return circle
  }
  return []
}
