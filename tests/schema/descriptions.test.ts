import { readFile } from 'node:fs/promises'
import {
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedDirective,
  isSpecifiedScalarType,
} from 'graphql'
import { expect, test } from 'vitest'
import { buildSchema, printSchema } from '../../src/schema/index.ts'

type Described = { name: string; description?: string | null | undefined }

/** Everything in the schema that a frontend developer reads, under its full name. */
function everything(): Described[] {
  const schema = buildSchema()
  const types = Object.values(schema.getTypeMap()).filter(
    (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
  )
  const parts = types.flatMap((type): Described[] => {
    const of = (part: Described) => ({ name: `${type.name}.${part.name}`, description: part.description })
    if (isEnumType(type)) return type.getValues().map(of)
    if (isInputObjectType(type)) return Object.values(type.getFields()).map(of)
    if (!isObjectType(type) && !isInterfaceType(type)) return []
    return Object.values(type.getFields()).flatMap((field) => [
      of(field),
      ...field.args.map(({ name, description }) => of({ name: `${field.name}(${name}:)`, description })),
    ])
  })
  const directives = schema.getDirectives().filter((directive) => !isSpecifiedDirective(directive))
  const theirs = directives.flatMap((directive): Described[] => [
    { name: `@${directive.name}`, description: directive.description },
    ...directive.args.map(({ name, description }) => ({ name: `@${directive.name}(${name}:)`, description })),
  ])
  return [...types, ...parts, ...theirs]
}

test('every type, field, argument, enum value, input field and directive is described', () => {
  const all = everything()
  expect(all.length).toBeGreaterThan(120)
  expect(all.filter(({ description }) => !description?.trim()).map(({ name }) => name)).toEqual([])
})

test('a description is a sentence: it begins with a capital or a sign, ends, and speaks of no file', () => {
  const odd = everything().filter(
    ({ description }) =>
      !/^[A-Z'`0-9][^]*[.`]$/.test(description ?? '') || /\bTODO\b|src\/|\.ts\b/.test(description ?? ''),
  )
  expect(odd.map(({ name, description }) => [name, description])).toEqual([])
})

test('schema.graphql is what the server runs: `npm run codegen` writes it', async () => {
  expect(await readFile('schema.graphql', 'utf8')).toBe(printSchema())
})
