import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { GUIDE, guidePolicy } from './own-pages-guide.ts'

const root = new URL('../../', import.meta.url)
const FOLDER = 'docs/examples/own-pages/'

const blocks = [...GUIDE.matchAll(/<!-- (\S+) -->\n\n```(?:ts|html)\n(.*?)\n```/gs)]
const shown = new Map(blocks.map(([, file = '', code = '']) => [file, code]))

test.each([...shown.keys()])('%s stands in the guide as it is run', (file) => {
  expect(`${shown.get(file)}\n`).toBe(readFileSync(new URL(file, root), 'utf8'))
})

test('the guide shows every file of the example, and no other code', () => {
  const files = readdirSync(new URL(FOLDER, root), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => `${parentPath.replace(/\/?$/, '/')}${name}`.replace(/^.*(?=docs\/examples\/)/, ''))
  expect([...shown.keys()].sort()).toEqual(files.sort())
  expect([...GUIDE.matchAll(/```(?:ts|html)\n/g)]).toHaveLength(files.length)
})

test('its policy is as strict as that of the pages that come with the server', () => {
  expect(guidePolicy()).toMatch(/^default-src 'none'; /)
  expect(guidePolicy()).toContain("require-trusted-types-for 'script'; trusted-types encryption-worker")
  expect(guidePolicy()).not.toContain('unsafe')
})
