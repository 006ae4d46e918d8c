import { expect, test, describe } from 'vitest'
import { openWorld } from './support/world.ts'
import { providers } from './fresh-database.ts'
describe.each(providers)('%s', (p) => {
 test('x', async () => {
  const w = await openWorld(p)
  try {
  for (const id of ['A','B']) {
    await w.server.user!.create!({data:{id, email: id}})
    await w.server.folder!.create!({data:{id: 'f'+id, userId: id, name: 'F'+id}})
    for (const n of [1,2,3]) await w.server.note!.create!({data:{id: `n${id}${n}`, userId: id, slug: `s${id}${n}`, body: 'b'+n, size: n, folderId: 'f'+id}})
  }
  const a = w.as('A'), ext = w.as('A','extension'), rls = w.as('A', p==='sqlite'?'extension':'row-security')
  const t = async (label: string, f: () => Promise<unknown>) => { try { console.log(p, label, JSON.stringify(await f())) } catch (e) { console.log(p, label, 'ERR', (e as Error).name, (e as any).code, (e as Error).message.split('\n').at(-1)) } }
  for (const [n, c] of Object.entries({a, ext, rls})) {
    await t(n+' findMany', () => c.note!.findMany!())
    await t(n+' findUnique foreign', () => c.note!.findUnique!({where:{id:'nB1'}}))
    await t(n+' findUnique own', () => c.note!.findUnique!({where:{userId_slug:{userId:'A',slug:'sA1'}}, select: {folder: {select:{name:true, _count: true}}}}))
    await t(n+' cursor foreign', () => c.note!.findMany!({cursor: {id:'nB2'}, orderBy: {size:'asc'}, select:{id:true}}))
    await t(n+' cursor own', () => c.note!.findMany!({cursor: {id:'nA2'}, orderBy: {size:'asc'}, select:{id:true}}))
    await t(n+' cursor own cmp', () => c.note!.findMany!({cursor: {userId_slug: {userId:'A',slug:'sA2'}}, orderBy: {size:'asc'}, select:{id:true}}))
    await t(n+' cursor foreign cmp', () => c.note!.findMany!({cursor: {userId_slug: {userId:'B',slug:'sB2'}}, orderBy: {size:'asc'}, select:{id:true}}))
    await t(n+' upsert foreign', () => c.note!.upsert!({where:{id:'nB1'}, create:{id:'nB1', slug:'hh', body:'hacked', userId: 'A'}, update:{body:'hacked'}}))
    await t(n+' upsert foreign slug', () => c.note!.upsert!({where:{slug:'sB1'}, create:{slug:'sB1', body:'hacked', userId: 'A'}, update:{body:'hacked'}}))
    await t(n+' upsert own', () => c.note!.upsert!({where:{id:'nA1'}, create:{id:'nA1', slug:'hh', body:'x', userId: 'A'}, update:{body:'changed'}}))
    await t(n+' update foreign', () => c.note!.update!({where:{id:'nB1'}, data:{body:'hacked'}}))
    await t(n+' update own', () => c.note!.update!({where:{id:'nA1'}, data:{body:'b1'}}))
    await t(n+' folder own foreign ', () => c.note!.update!({where:{id:'nA1'}, data:{folderId:'fB'}}))
    await t(n+' count', () => c.note!.count!())
    await t(n+' count select', () => c.note!.count!({select: {_all: true, id: true}}))
    await t(n+' agg', () => c.note!.aggregate!({_sum: {size:true}}))
    await t(n+' agg2', () => c.note!.aggregate!({_sum: {size:true}, _count: true}))
    await t(n+' agg3', () => c.note!.aggregate!({_count: {id:true}}))
    await t(n+' group', () => c.note!.groupBy!({by: ['folderId'], _sum: {size:true}, having: {size: {_sum: {gt: 1}}}}))
    await t(n+' deleteMany', () => c.note!.deleteMany!({where:{body:'zzz'}}))
    await t(n+' raw', () => (c as any).$queryRawUnsafe('select count(*)::int from notes'))
    await t(n+' audit', () => c.auditEntry!.findMany!({select:{action:true}}))
    await t(n+' incl', () => c.folder!.findMany!({include:{notes:{select:{body:true}}, _count: true}}))
    await t(n+' user', () => c.folder!.findMany!({include:{user:true}}))
    await t(n+' tx', () => c.$transaction(async (tx) => { await tx.note!.updateMany!({data:{size:{increment:1}}}); return tx.note!.count!() }))
  }
  } finally { await w.close() }
 })
})
