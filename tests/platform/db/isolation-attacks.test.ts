import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { providers } from './fresh-database.ts'
import { attacks, READS, WRITES, type Operation, type Target } from './support/attacks.ts'
import { call, giveRows, ownedModels, privateMark, rowsOf, type Row } from './support/rows.ts'
import { testModels } from './support/test-models.ts'
import { openWorld, type Locks, type World } from './support/world.ts'

const ME = 'me'
const THEM = 'them-victim'

const models = ownedModels(await testModels('sqlite')).map(({ name }) => name)

type Case = { id: string; provider: World['provider']; locks: Locks }

const onPostgresql: Case[] = [
  { id: 'D1', provider: 'postgresql', locks: 'all' },
  { id: 'D2', provider: 'postgresql', locks: 'scoped-client' },
  { id: 'D2', provider: 'postgresql', locks: 'row-security' },
]
const cases: Case[] = [
  { id: 'D1', provider: 'sqlite', locks: 'all' }, // the scoped client and the composite keys: SQLite has no row security
  ...(providers.includes('postgresql') ? onPostgresql : []),
]

describe.each(cases)('$id: on $provider, with the locks: $locks,', ({ provider, locks }) => {
  let alone: World
  let shared: World

  // Two worlds, alike but for the other user: whoever sees and feels nothing of others cannot tell them apart.
  beforeAll(async () => {
    ;[alone, shared] = await Promise.all([openWorld(provider), openWorld(provider)])
    await Promise.all([giveRows(alone, ME), giveRows(shared, ME), giveRows(shared, THEM)])
    const nobody = { id: 'nobody', action: privateMark(THEM), timestamp: new Date(0) }
    await call(shared.server, 'auditEntry', 'create', { data: nobody })
    await call(shared.server, 'serverFact', 'create', { data: { name: 'fact', value: privateMark(THEM) } })
  })
  afterAll(() => Promise.all([alone.close(), shared.close()]))

  describe.each(models)('%s', (name) => {
    beforeAll(() => giveRows(shared, ME)) // the attacks on the model before have changed them

    test.each(READS)('%s shows nothing of another user', async (operation) => {
      for (const args of attacks(operation, targetIn(shared, name))) {
        const [expected, seen] = await Promise.all([outcome(alone, operation, args), outcome(shared, operation, args)])
        expect(seen, describeCall(operation, args)).toEqual(expected)
        expect(inText(seen)).not.toContain(privateMark(THEM))
      }
    })

    describe('written to', () => {
      beforeEach(() => giveRows(shared, ME))

      test.each(WRITES)('%s changes nothing of another user, and shows nothing', async (operation) => {
        const before = await othersRows(shared)
        for (const args of attacks(operation, targetIn(shared, name))) {
          const seen = await outcome(shared, operation, args)
          expect(inText(seen), describeCall(operation, args)).not.toContain(privateMark(THEM))
        }
        expect(await othersRows(shared)).toEqual(before)
      })
    })

    async function outcome(world: World, operation: Operation, args: Row): Promise<unknown> {
      try {
        return { answer: await call(world.as(ME, locks), targetIn(world, name).model.delegate, operation, args) }
      } catch (error) {
        if (!(error instanceof Error)) throw error
        return { refused: error.name, code: 'code' in error ? error.code : null }
      }
    }
  })
})

function targetIn(world: World, name: string): Target {
  const model = world.models.get(name)
  const [mine, theirs] = [ME, THEM].map((userId) => (model ? rowsOf(world, model, userId)[0] : undefined))
  if (!model || !mine || !theirs) throw new Error(`No model ${name}.`)
  return { models: world.models, model, mine, theirs, me: ME, them: THEM }
}

/** Everything but the attacker's own rows, and the users: no attack may touch those either. */
async function othersRows(world: World): Promise<Record<string, unknown[]>> {
  const tables = await world.everything()
  return Object.fromEntries(
    Object.entries(tables).map(([name, rows]) => [name, rows.filter((row) => (row as Row)['userId'] !== ME)]),
  )
}

// JSON has no form for a BigInt.
const inText = (value: unknown) =>
  JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? String(part) : part))

const describeCall = (operation: string, args: Row) => `${operation}(${inText(args)})`
