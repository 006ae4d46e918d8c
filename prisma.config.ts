import path from 'node:path'
import { defineConfig } from 'prisma/config'

// Generating, validating and formatting do not use the schema engine, but Prisma would download it first. Any
// executable that exists keeps it from that. Migrations are made and applied by prisma/migrate.ts.
process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= process.execPath

export default defineConfig({ schema: path.join(import.meta.dirname, 'prisma', 'schema.prisma') })
