import { parse } from 'graphql'
import { expect, test } from 'vitest'
import { documentCache } from '../../src/graphql/document-cache.ts'

const document = parse('{ me { id } }')

test('a document is found again by its text', () => {
  const cache = documentCache()
  cache.set('a', document)
  expect([cache.get('a'), cache.get('b')]).toEqual([document, undefined])
})

test('those that were used last stay, as many as their length together allows', () => {
  const cache = documentCache(10)
  for (const text of ['aaaa', 'bbbb']) cache.set(text, document)
  cache.get('aaaa')
  cache.set('cccc', document)
  expect(['aaaa', 'bbbb', 'cccc'].map((text) => cache.get(text) !== undefined)).toEqual([true, false, true])
})

test('a long document is not kept, and pushes none out', () => {
  const cache = documentCache(20_000)
  const long = 'x'.repeat(10_001)
  for (const text of ['aaaa', long]) cache.set(text, document)
  expect([cache.get('aaaa'), cache.get(long)]).toEqual([document, undefined])
})
