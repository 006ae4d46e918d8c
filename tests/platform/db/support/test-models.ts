import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { promisify } from 'node:util'
import { diffSchemas } from '../../../../prisma/schema-engine.ts'
import type { PrismaClient as OwnClient } from '../../../../src/generated/sqlite/client.ts'
import { readModels, type Datamodel, type Models } from '../../../../src/platform/db/models.ts'

const root = path.resolve(import.meta.dirname, '../../../..')

/** Two owned models that the product does not have: one points at the other, over (userId, id). */
const EXTRA_MODELS = `
model Folder {
  id       String   @default(uuid(7))
  userId   String   @map("user_id")
  name     String
  parentId String?  @map("parent_id")
  parent   Folder?  @relation("tree", fields: [userId, parentId], references: [userId, id], onDelete: NoAction, onUpdate: NoAction)
  children Folder[] @relation("tree")
  notes    Note[]
  user     User     @relation(fields: [userId], references: [id], onDelete: Cascade)

  @@id([userId, id])
  @@map("folders")
}

model Note {
  id       String  @id @default(uuid(7))
  userId   String  @map("user_id")
  slug     String  @unique
  body     String
  size     Int     @default(0)
  folderId String? @map("folder_id")
  folder   Folder? @relation(fields: [userId, folderId], references: [userId, id], onDelete: NoAction, onUpdate: NoAction)
  user     User    @relation(fields: [userId], references: [id], onDelete: Cascade)

  @@unique([userId, slug])
  @@map("notes")
}
`

type Provider = 'sqlite' | 'postgresql'

export type TestModels = {
  models: Models
  datamodel: Datamodel
  /** The script that makes all tables, of the product and of these models. */
  tables: string
  /** The client of these models, as the product's client sees the part that it knows. */
  PrismaClient: new (options: ConstructorParameters<typeof OwnClient>[0]) => OwnClient
}

/** The product's models with folders and notes beside them, and a client for them, generated once for each text. */
export async function testModels(provider: Provider): Promise<TestModels> {
  const schema = testSchema(provider)
  const folder = path.join(root, 'src', 'generated', 'tests', hash(schema), provider)
  if (!fs.existsSync(folder)) await generate(schema, folder)
  const { PrismaClient } = (await import(path.join(folder, 'client', 'client.ts'))) as Pick<TestModels, 'PrismaClient'>
  const { datamodel } = (await import(path.join(folder, 'datamodel.ts'))) as { datamodel: Datamodel }
  const tables = await diffSchemas(provider, `datasource db {\n  provider = "${provider}"\n}\n`, schema)
  return { models: readModels(datamodel), datamodel, tables: tables ?? '', PrismaClient }
}

function testSchema(provider: Provider): string {
  const own = fs.readFileSync(path.join(root, 'prisma', 'schema.prisma'), 'utf8')
  return own
    .replace(/generator pothos \{[^}]*\}/, '')
    .replace('"../src/generated/sqlite"', '"./client"')
    .replace('"../src/generated/datamodel.ts"', '"./datamodel.ts"')
    .replace('"node scripts/', '"node ../../../../../scripts/')
    .replace(/(datasource \w+ \{[^}]*provider\s*=\s*)"\w+"/, `$1"${provider}"`)
    .replace(/model User \{/, 'model User {\n  folders Folder[]\n  notes Note[]')
    .concat(EXTRA_MODELS)
}

async function generate(schema: string, folder: string): Promise<void> {
  const workshop = `${folder}.${process.pid}`
  fs.mkdirSync(workshop, { recursive: true })
  fs.writeFileSync(path.join(workshop, 'schema.prisma'), schema)
  const prisma = createRequire(import.meta.url).resolve('prisma/build/index.js')
  const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' }
  await promisify(execFile)(process.execPath, [prisma, 'generate', '--schema', 'schema.prisma'], { cwd: workshop, env })
  try {
    fs.renameSync(workshop, folder)
  } catch {
    fs.rmSync(workshop, { recursive: true, force: true }) // another test file has made it meanwhile
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}
