import { describe, expect, test } from 'vitest'
import {
  checkEnvelope,
  ENVELOPE_FAULTS,
  isPublicKeyJwk,
  readEnvelope,
} from '../../../src/shared/encryption/envelopes.ts'
import type { EnvelopeKind } from '../../../src/shared/encryption/envelopes.ts'

const B32 = Buffer.alloc(32, 7).toString('base64url')
const EPK = { kty: 'EC', crv: 'P-256', x: B32, y: B32 }
const COMMON = { enc: 'A256GCM', crit: ['ctx'], ctx: 'here' }

type Form = { header: Record<string, unknown>; sizes: [number, number, number, number] }

/** One envelope of each kind, of random content, that keeps its rules. */
const FORMS: Readonly<Record<EnvelopeKind, Form>> = {
  PASSPHRASE_SLOT: {
    header: { ...COMMON, alg: 'PBES2-HS512+A256KW', typ: 'latchkey-slot+jwe', p2c: 600_000, p2s: B32 },
    sizes: [40, 12, 32, 16],
  },
  SLOT: { header: { ...COMMON, alg: 'dir', typ: 'latchkey-slot+jwe' }, sizes: [0, 12, 32, 16] },
  RING: { header: { ...COMMON, alg: 'dir', typ: 'latchkey-ring+jwe', kid: B32 }, sizes: [0, 12, 500, 16] },
  RECORD: { header: { ...COMMON, alg: 'A256KW', typ: 'latchkey+jwe', kid: B32 }, sizes: [40, 12, 64, 16] },
  RECORD_TO_PUBLIC_KEY: {
    header: { ...COMMON, alg: 'ECDH-ES+A256KW', typ: 'latchkey+jwe', kid: B32, epk: EPK },
    sizes: [40, 12, 64, 16],
  },
}
const KINDS = Object.keys(FORMS) as EnvelopeKind[]

const encode = (bytes: Uint8Array | string) => Buffer.from(bytes).toString('base64url')
const write = ({ header, sizes }: Form) =>
  [encode(JSON.stringify(header)), ...sizes.map((size) => encode(Buffer.alloc(size, 3)))].join('.')
const faultOf = (kind: EnvelopeKind, envelope: string) => {
  const checked = checkEnvelope(kind, envelope, 'here')
  return checked.ok ? null : checked.fault
}

test('each kind is admitted by its own rule, and by no other', () => {
  for (const kind of KINDS) {
    for (const rule of KINDS)
      expect(faultOf(rule, write(FORMS[kind])) === null, `${kind} as ${rule}`).toBe(kind === rule)
  }
})

describe('each fault is found in each kind', () => {
  const changes: [string, Record<string, unknown>][] = [
    ['alg', { alg: 'none' }],
    ['enc', { enc: 'A128GCM' }],
    ['typ', { typ: 'JWE' }],
    ['crit', { crit: [] }],
    ['crit', { crit: ['ctx', 'exp'] }],
    ['crit', { crit: 'ctx' }],
    ['crit', { crit: undefined }],
    ['ctx', { ctx: 'elsewhere' }],
    ['ctx', { ctx: null }],
    ['header-members', { zip: 'DEF' }],
    ['header-members', { jwk: EPK }],
    ['header-size', { ctx: 'x'.repeat(1024) }],
  ]
  for (const [fault, change] of changes) {
    test(`${fault}: ${JSON.stringify(change).slice(0, 60)}`, () => {
      for (const kind of KINDS) {
        const { header, sizes } = FORMS[kind]
        expect(faultOf(kind, write({ header: { ...header, ...change }, sizes })), kind).toBe(fault)
      }
    })
  }

  test('sizes of the parts', () => {
    const faults = ['encrypted-key-size', 'iv-size', null, 'tag-size'] as const
    for (const kind of KINDS) {
      for (const [index, fault] of faults.entries()) {
        for (const by of [-1, 1]) {
          const sizes = [...FORMS[kind].sizes] as Form['sizes']
          sizes[index] = Math.max(0, (sizes[index] ?? 0) + by)
          if (sizes[index] === FORMS[kind].sizes[index]) continue
          const wanted = fault ?? (kind.endsWith('SLOT') ? 'ciphertext-size' : null)
          expect(faultOf(kind, write({ ...FORMS[kind], sizes })), `${kind} ${index}`).toBe(wanted)
        }
      }
    }
  })

  test('members that belong to one kind alone', () => {
    const bad: [EnvelopeKind, string, unknown[]][] = [
      ['PASSPHRASE_SLOT', 'p2c', [599_999, 2_000_001, 600_000.5, '600000', null, Infinity]],
      ['PASSPHRASE_SLOT', 'p2s', ['', 'x', `${B32}A`, 7, null]],
      ['RING', 'kid', ['', 'x', 7, null]],
      ['RECORD', 'kid', ['', 'x', 7, null]],
      ['RECORD_TO_PUBLIC_KEY', 'epk', [null, [], 'x', { ...EPK, d: B32 }, { ...EPK, crv: 'P-384' }, { kty: 'EC' }]],
    ]
    for (const [kind, name, values] of bad) {
      const { header, sizes } = FORMS[kind]
      for (const value of values)
        expect(faultOf(kind, write({ header: { ...header, [name]: value }, sizes }))).toBe(name)
      const without = { ...header, [name]: undefined }
      expect(faultOf(kind, write({ header: without, sizes }))).toBe('header-members')
    }
  })
})

test('what is no compact JWE is refused, without an exception', () => {
  const [head = '', ...rest] = write(FORMS.RECORD).split('.')
  const broken = ['', '.', '....', head, `${head}.${rest.join('.')}.`, [head, ...rest.slice(1)].join('.')]
  const padded = [`${head}=`, ...rest].join('.')
  const jsonBodies = ['null', '[]', '"x"', '{', '\xff', ''].map((body) => [encode(body), ...rest].join('.'))
  const notUtf8 = [encode(Buffer.from([0x7b, 0xff, 0x7d])), ...rest].join('.')
  for (const envelope of [...broken, padded, ...jsonBodies, notUtf8]) {
    for (const kind of KINDS) {
      const read = readEnvelope(kind, envelope)
      expect(read.ok).toBe(false)
      if (!read.ok) expect(Object.keys(ENVELOPE_FAULTS)).toContain(read.fault)
    }
  }
})

test('a name that objects have by themselves is no member', () => {
  const { header, sizes } = FORMS.RECORD
  const polluted = JSON.stringify(header).replace('{', '{"__proto__":{"kid":"x"},')
  const [, ...rest] = write({ header, sizes }).split('.')
  expect(faultOf('RECORD', [encode(polluted), ...rest].join('.'))).toBe('header-members')
})

test('a public key has four members, and nothing private beside them', () => {
  expect(isPublicKeyJwk(EPK)).toBe(true)
  for (const value of [null, undefined, 'x', [], {}, { ...EPK, d: B32 }, { ...EPK, x: 'x' }, { ...EPK, kty: 'oct' }]) {
    expect(isPublicKeyJwk(value)).toBe(false)
  }
})
