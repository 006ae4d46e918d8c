import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { developmentMasterKeys } from '../../../src/platform/crypto/master-keys.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keys-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('a development key is made once, and kept for its owner alone', () => {
  const dataDir = join(folder, 'data')
  const [first] = developmentMasterKeys(dataDir)
  expect(first?.bytes.length).toBe(32)
  expect(developmentMasterKeys(dataDir)).toEqual([first])
  expect(readdirSync(dataDir)).toEqual(['development-master-keys'])
  expect(statSync(join(dataDir, 'development-master-keys')).mode & 0o777).toBe(0o600)
})

test('processes that start together agree on one key', async () => {
  const source = new URL('../../../src/platform/crypto/master-keys.ts', import.meta.url).href
  const program = `import { developmentMasterKeys as keys } from '${source}'; console.log(keys(process.argv[1])[0].bytes.toString('hex'))`
  const starts = Array.from({ length: 6 }, () =>
    promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program, folder]),
  )
  const made = (await Promise.all(starts)).map(({ stdout }) => stdout.trim())
  expect(made[0]).toMatch(/^[0-9a-f]{64}$/)
  expect(new Set(made).size).toBe(1)
  expect(readdirSync(folder)).toEqual(['development-master-keys'])
})

test('a damaged key is not replaced: what it sealed would be lost', () => {
  writeFileSync(join(folder, 'development-master-keys'), 'development:AAAA\n')
  expect(() => developmentMasterKeys(folder)).toThrow(/cannot be used/)
})
