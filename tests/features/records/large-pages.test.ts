import { expect } from 'vitest'
import { test } from '../../support/app.ts'
import { signIn } from '../../support/people.ts'

const page = (name: string, fields: string) => `${name}: records(first: $first) { edges { node { ${fields} } } }`
const query = (fields: string) =>
  `query ($first: Int) { ${['a', 'b', 'c'].map((name) => page(name, fields)).join(' ')} }`

test('aliases do not add up to more contents than one request may answer', async ({ app }) => {
  const { browser } = await signIn(app)
  const answer = await browser.graphql(query('id data'), { first: 100 })
  expect(answer.errors.map(({ extensions }) => extensions)).toEqual([{ code: 'TOO_LARGE', field: 'first', limit: 200 }])
})

test('pages without contents are not counted among them', async ({ app }) => {
  const { browser } = await signIn(app)
  const answer = await browser.graphql(query('id title'), { first: 100 })
  expect(answer.errors).toEqual([])
})
