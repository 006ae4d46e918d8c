// A generator for `prisma generate`: writes src/generated/datamodel.ts, what the isolation must know of the models and
// the generated clients do not tell: tables, columns, keys, and both sides of each relation. Speaks Prisma's generator
// protocol, one JSON message a line: questions come on stdin, answers go to stderr.
import fs from 'node:fs'
import { createInterface } from 'node:readline'

const header = '// Made from prisma/schema.prisma by scripts/datamodel-generator.mjs. Do not edit.\n'

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line)
  if (method === 'generate') write(params.generator.output.value, params.dmmf.datamodel.models)
  const result = method === 'getManifest' ? { manifest: { prettyName: 'the data model' } } : null
  process.stderr.write(`${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`)
}

function write(file, models) {
  const datamodel = { models: models.map(pickModel) }
  fs.writeFileSync(file, `${header}export const datamodel = ${JSON.stringify(datamodel, null, 2)}\n`)
}

function pickModel({ name, dbName, primaryKey, uniqueIndexes, fields }) {
  const indexes = [primaryKey, ...uniqueIndexes].filter(Boolean)
  return {
    name,
    table: dbName ?? name,
    compoundKeys: indexes.map((index) => ({ name: index.name ?? index.fields.join('_'), fields: index.fields })),
    primaryKey: primaryKey?.fields ?? fields.filter((field) => field.isId).map((field) => field.name),
    fields: fields.map(pickField),
  }
}

function pickField({
  name,
  dbName,
  kind,
  type,
  isList,
  isId,
  isUnique,
  relationName,
  relationFromFields,
  relationToFields,
}) {
  const isRelation = kind === 'object'
  return {
    name,
    type,
    isList,
    isUnique: isId || isUnique,
    column: isRelation ? null : (dbName ?? name),
    relation: isRelation ? { name: relationName, from: relationFromFields, to: relationToFields } : null,
  }
}
