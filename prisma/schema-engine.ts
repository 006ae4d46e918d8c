import {
  bindMigrationAwareSqlAdapterFactory,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils'
import * as engine from '@prisma/schema-engine-wasm/schema_engine_bg'
import fs from 'node:fs'
import { createRequire } from 'node:module'

export type Provider = 'sqlite' | 'postgresql'

const filters = { externalTables: [], externalEnums: [] }

/**
 * The script that turns the tables of one schema into those of another, or null when they are the same. Works by the
 * two texts alone: no database is asked, so that each provider's script can be made on any machine.
 */
export async function diffSchemas(provider: Provider, from: string, to: string): Promise<string | null> {
  loadEngine()
  const [before, after] = [from, to].map((text) => ({ path: 'schema.prisma', content: forProvider(text, provider) }))
  if (!before || !after) throw new Error('Two schemas are needed.')
  const schemaEngine = await engine.SchemaEngine.new(
    { datamodels: [[after.path, after.content]] },
    () => {}, // what it logs is that it starts
    bindMigrationAwareSqlAdapterFactory(standIn(provider)),
  )
  const { exitCode, stdout } = await schemaEngine.diff({
    from: { tag: 'schemaDatamodel', files: [before] },
    to: { tag: 'schemaDatamodel', files: [after] },
    script: true,
    exitCode: true,
    filters,
  })
  return exitCode === 0 ? null : stdout
}

let loaded = false

/** Prisma's schema engine as WebAssembly: the native one would have to be downloaded. */
function loadEngine(): void {
  if (loaded) return
  const glue = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg')
  const module = new WebAssembly.Module(fs.readFileSync(glue.replace(/\.js$/, '.wasm')))
  const { exports } = new WebAssembly.Instance(module, { './schema_engine_bg.js': { ...engine } })
  // Neither is in the package's types: they are what its own start does where a bundler loads the .wasm file.
  const glueCode = engine as unknown as { __wbg_set_wasm(exports: WebAssembly.Exports): void }
  glueCode.__wbg_set_wasm(exports)
  ;(exports as { __wbindgen_start(): void }).__wbindgen_start()
  loaded = true
}

function forProvider(schema: string, provider: Provider): string {
  return schema.replace(/(datasource \w+ \{[^}]*provider\s*=\s*)"\w+"/, `$1"${provider}"`)
}

/** The engine wants a connection even to compare texts. On PostgreSQL it asks for the version, to know what it may write. */
function standIn(provider: Provider): SqlMigrationAwareDriverAdapterFactory {
  const info = { provider: provider === 'sqlite' ? 'sqlite' : 'postgres', adapterName: 'latchkey-stand-in' } as const
  const unused = () => Promise.reject(new Error('Comparing two schemas must not reach a database.'))
  const adapter: SqlDriverAdapter = {
    ...info,
    async queryRaw({ sql }) {
      if (!sql.includes('server_version_num')) return unused()
      return {
        columnNames: ['exists', 'version', 'numeric_version'],
        columnTypes: [5, 7, 0], // boolean, text, int
        rows: [[true, 'PostgreSQL 14.0', 140000]],
      }
    },
    executeRaw: unused,
    executeScript: unused,
    startTransaction: unused,
    getConnectionInfo: () => ({ schemaName: provider === 'sqlite' ? 'main' : 'public', supportsRelationJoins: false }),
    dispose: () => Promise.resolve(),
  }
  return { ...info, connect: () => Promise.resolve(adapter), connectToShadowDb: () => Promise.resolve(adapter) }
}
