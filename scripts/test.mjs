// Runs the tests: everything on SQLite, and again on PostgreSQL and Redis where TEST_POSTGRES_URL and TEST_REDIS_URL
// name them. Arguments are passed on to vitest. The last line is "N passed, N failed".
import { startVitest } from 'vitest/node'

const missing = ['TEST_POSTGRES_URL', 'TEST_REDIS_URL'].filter((name) => !process.env[name])
const left = `LEFT OUT: everything on PostgreSQL and Redis. Set ${missing.join(' and ')} to test it too.`
if (missing.length > 0) console.log(`\n${'!'.repeat(left.length)}\n${left}\n${'!'.repeat(left.length)}\n`)

const vitest = await startVitest('test', process.argv.slice(2), { watch: false })
const tests = vitest.state.getTestModules().flatMap((module) => [...module.children.allTests()])
const count = (state) => tests.filter((test) => test.result().state === state).length
// A file that does not load holds no test that could fail.
const broken = vitest.state.getTestModules().filter((module) => module.errors().length > 0).length
const unhandled = vitest.state.getUnhandledErrors().length
const failed = count('failed') + broken + unhandled
await vitest.close()

const skipped = count('skipped')
console.log(`\n${count('passed')} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exit(failed > 0 || count('passed') === 0 ? 1 : 0)
