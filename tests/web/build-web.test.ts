import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { expect, test } from 'vitest'

const script = path.join(import.meta.dirname, '..', '..', 'scripts', 'build-web.mjs')

const built = (env: NodeJS.ProcessEnv): { mode: string | null; names: string[] } => {
  const code = `import { buildWeb } from ${JSON.stringify(script)}
    const names = [...(await buildWeb()).keys()]
    console.log(JSON.stringify({ mode: process.env.NODE_ENV ?? null, names }))`
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', code], { env, encoding: 'utf8' })
  return JSON.parse(said) as { mode: string | null; names: string[] } // what the line above has printed
}

test('the pages are the same in whatever mode they are built, and a server started afterwards is in none', () => {
  const { NODE_ENV: _, ...unset } = process.env
  const inNone = built(unset)
  const inDevelopment = built({ ...unset, NODE_ENV: 'development' })
  expect(inNone.mode).toBeNull()
  expect(inDevelopment.mode).toBe('development')
  expect(inNone.names).toContain('index.html')
  expect(inDevelopment.names).toEqual(inNone.names) // with the hashes of what they hold
})
