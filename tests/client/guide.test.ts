import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { CLIENT_ERROR_CODES, ERROR_CODES } from '../../src/client/index.ts'

const root = new URL('../../', import.meta.url)
const guide = await readFile(new URL('docs/use-from-a-frontend.md', root), 'utf8')

const BLOCK = /(?:<!-- (?<file>\S+)#(?<region>\S+) -->\n\n?)?```ts\n(?<code>.*?)\n```/gs
const blocks = [...guide.matchAll(BLOCK)].map(({ groups }) => ({ file: '', region: '', code: '', ...groups }))

async function regionsOf(file: string): Promise<Map<string, string>> {
  const text = await readFile(new URL(file, root), 'utf8')
  const found = text.matchAll(/\/\/ #region (?<name>\S+)\n(?<code>.*?)\n\/\/ #endregion/gs)
  return new Map([...found].map(({ groups }) => [groups?.name ?? '', groups?.code ?? '']))
}

test.each(blocks)('the code of $file#$region stands in the guide as it is run', async ({ file, region, code }) => {
  expect(file, 'Each piece of code names the example that it was taken from.').not.toBe('')
  expect(code).toBe((await regionsOf(file)).get(region))
})

test.each(['sdk', 'script', 'urql', 'apollo'])('the guide shows every region of %s.ts', async (name) => {
  const file = `docs/examples/${name}.ts`
  const shown = blocks.filter((block) => block.file === file).map(({ region }) => region)
  expect(shown).toEqual([...(await regionsOf(file)).keys()])
})

test('the guide tells what to do about every code', () => {
  const rows = [...guide.matchAll(/^\| `(\w+)` +\|/gm)].map(([, code]) => code)
  expect(rows).toEqual([...Object.keys(ERROR_CODES), ...Object.keys(CLIENT_ERROR_CODES)])
})
