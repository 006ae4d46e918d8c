import { test } from 'vitest'
import { openWorld } from './support/world.ts'
import { userInForce } from '../../../src/platform/db/row-security.ts'
import { bindToOwner } from '../../../src/platform/db/bind-to-owner.ts'
test.each(['sqlite'] as const)('%s', async (p) => {
  const w = await openWorld(p, 4)
  const users = Array.from({length: 50}, (_, i) => 'u'+i)
  await w.server.user!.createMany!({data: users.map(id => ({id, email: id}))})
  await w.server.note!.createMany!({data: users.flatMap(userId => Array.from({length: 40}, (_, i) => ({userId, id: `${userId}-${i}`, slug: `${userId}-${i}`, body: 'x'.repeat(50), size: i})))})
  const args = { orderBy: { slug: 'desc' }, take: 20, select: {id: true, slug: true, body: true, size: true} }
  const noop = (w.server as any).$extends({query: {$allOperations: ({args, query}: any) => query(args)}})
  const bound = (w.server as any).$extends(bindToOwner(w.models))
  const kinds: Record<string, (u: string) => Promise<unknown>> = {
    raw: (u) => w.server.note!.findMany!({ ...args, where: { userId: u } }),
    rawAnd: (u) => w.server.note!.findMany!({ ...args, where: { AND: [{userId: u}, {size: {gte: 0}}] } }),
    als: (u) => userInForce.run({userId: u}, async () => await w.server.note!.findMany!({ ...args, where: { userId: u } })),
    noop: (u) => noop.note.findMany({ ...args, where: { userId: u } }),
    bound: (u) => userInForce.run({userId: u}, async () => await bound.note.findMany({ ...args })),
    facade: (u) => w.as(u).note!.findMany!(args),
  }
  const total: Record<string, number> = {}
  for (let round = 0; round < 24; round++) for (const [k, f] of Object.entries(kinds)) {
    const t = process.cpuUsage()
    for (let i = 0; i < 200; i++) await f(users[i%50]!)
    const c = process.cpuUsage(t)
    if (round > 3) { total[k] = (total[k] ?? 0) + (c.user + c.system) }
  }
  console.log(p, Object.fromEntries(Object.entries(total).map(([k, v]) => [k, `${(v/4000).toFixed(0)} us`])))
  await w.close()
}, 200000)
