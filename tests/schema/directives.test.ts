import {
  buildASTSchema,
  getNamedType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  isScalarType,
  isUnionType,
  parse,
  valueFromASTUntyped,
} from 'graphql'
import type { GraphQLField, GraphQLInputType, GraphQLObjectType, GraphQLOutputType } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DOCUMENTED_LIMITS } from '../../src/features/limits.ts'
import { printSchema } from '../../src/schema/index.ts'
import { AUTH_LEVELS } from '../../src/viewer.ts'
import { startTestApp } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { signIn } from '../support/people.ts'

type Field = GraphQLField<unknown, unknown>

// The schema as a frontend reads it: what the text promises is what counts.
const schema = buildASTSchema(parse(printSchema()))
const query = schema.getQueryType() as GraphQLObjectType // there is one
const mutation = schema.getMutationType() as GraphQLObjectType // there is one
const subscription = schema.getSubscriptionType() as GraphQLObjectType // there is one
const roots = [query, mutation, subscription].flatMap((type) =>
  Object.values(type.getFields()).map((field) => ({ type, field, name: `${type.name}.${field.name}` })),
)

/** What anybody may call. A field that is added stands behind @auth, or in this list. */
const PUBLIC = [
  'Query.me',
  'Query.session',
  'Mutation.logout',
  'Mutation.requestMagicLink',
  'Mutation.verifyMagicLink',
  'Mutation.verifyMagicCode',
  'Mutation.disownAlert',
  'Mutation.cancelRecovery',
  'Mutation.beginPasskeyLogin',
  'Mutation.completePasskeyLogin',
  'Query.signInOptions',
]

/** The arguments of a field's directive, or undefined when it does not carry it. */
function directiveOf(field: Field, name: string): Record<string, unknown> | undefined {
  const directive = field.astNode?.directives?.find((node) => node.name.value === name)
  return (
    directive &&
    Object.fromEntries((directive.arguments ?? []).map((arg) => [arg.name.value, valueFromASTUntyped(arg.value)]))
  )
}

describe('what the schema says of each root field', () => {
  test.each(roots.map(({ name, field }) => [name, field] as const))(
    '%s says how often it may be called',
    (_name, field) => {
      const rateLimit = directiveOf(field, 'rateLimit')
      const rows = DOCUMENTED_LIMITS.map(({ max, window }) => ({ max, window }))

      expect(rows).toContainEqual(rateLimit)
    },
  )

  test('each but the public ones says what its caller must have proved', () => {
    const open = roots.filter(({ field }) => !directiveOf(field, 'auth')).map(({ name }) => name)
    expect(open.sort()).toEqual([...PUBLIC].sort())
    for (const { field } of roots) {
      const auth = directiveOf(field, 'auth')
      if (auth) expect(AUTH_LEVELS).toContain(auth['level'])
    }
  })

  test('of the other fields, the secret of a record and the envelope of a key slot ask for more', () => {
    const guarded = Object.values(schema.getTypeMap())
      .filter(isObjectType)
      .filter((type) => ![query, mutation, subscription].includes(type))
      .flatMap((type) =>
        Object.values(type.getFields()).map((field) => ({
          name: `${type.name}.${field.name}`,
          auth: directiveOf(field, 'auth'),
        })),
      )
      .filter(({ auth }) => auth)
    expect(guarded).toEqual([
      { name: 'KeySlot.envelope', auth: { level: 'FRESH' } },
      { name: 'Record.secret', auth: { level: 'FRESH' } },
    ])
  })
})

describe('what the server does about it', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp()
  })
  afterAll(() => app.close())

  test.each(roots.map(({ name, type, field }) => [name, type, field] as const))(
    '%s, called by nobody, does as its @auth says',
    async (_name, type, field) => {
      const { code, data, headers } = await app.browser().graphql(callOf(type, field), {}, AS_JSON)

      if (directiveOf(field, 'auth')) {
        expect(code).toBe('UNAUTHENTICATED')
        expect(data?.[field.name] ?? null).toBeNull()
      } else {
        expect(['UNAUTHENTICATED', 'REAUTHENTICATION_REQUIRED', 'INTERNAL']).not.toContain(code)
      }
      expect(Number(headers.get('ratelimit-limit'))).toBeGreaterThan(0)
    },
  )

  // A stream that is let in has no answer: see the tests of the alerts.
  const answering = roots.filter(({ type }) => type !== subscription)
  test.each(answering.map(({ name, type, field }) => [name, type, field] as const))(
    '%s, called with a session that is not fresh, does as its @auth says',
    async (_name, type, field) => {
      const { browser } = await signIn(app)
      app.clock.advance(16 * 60_000)
      const { code } = await browser.graphql(callOf(type, field))

      const level = directiveOf(field, 'auth')?.['level']
      if (level === 'FRESH' || level === 'STRONG') expect(code).toBe('REAUTHENTICATION_REQUIRED')
      else expect(['UNAUTHENTICATED', 'REAUTHENTICATION_REQUIRED', 'INTERNAL']).not.toContain(code)
    },
  )
})

const AS_JSON = { headers: { accept: 'application/json' } }

/** A call of a field, with a value of the right type for each argument that must be given. */
function callOf(type: GraphQLObjectType, field: Field): string {
  const args = field.args.filter((arg) => isNonNullType(arg.type)).map((arg) => `${arg.name}: ${valueOf(arg.type)}`)
  const operation = type.name.toLowerCase()
  return `${operation} { ${field.name}${args.length > 0 ? `(${args.join(', ')})` : ''} ${selectionOf(field.type)} }`
}

function valueOf(type: GraphQLInputType): string {
  if (isNonNullType(type)) return valueOf(type.ofType)
  if (isListType(type)) return '[]'
  if (isInputObjectType(type)) {
    const required = Object.values(type.getFields()).filter((field) => isNonNullType(field.type))
    return `{ ${required.map((field) => `${field.name}: ${valueOf(field.type)}`).join(', ')} }`
  }
  if (isEnumType(type)) return type.getValues()[0]?.name ?? ''
  if (!isScalarType(type)) throw new Error('An input type is one of these.')
  return type.name === 'Int' ? '1' : type.name === 'ID' ? '"record_0198c5b2-0000-7000-8000-000000000000"' : '"x"'
}

function selectionOf(type: GraphQLOutputType): string {
  const named = getNamedType(type)
  if (!isCompositeType(named)) return ''
  if (isUnionType(named) || isInterfaceType(named)) return '{ __typename }'
  const plain = Object.values(named.getFields()).find((field) => !isCompositeType(getNamedType(field.type)))
  return `{ ${plain?.name ?? '__typename'} }`
}
