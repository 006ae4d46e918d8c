import { freshDatabase } from '../tests/platform/db/fresh-database.ts'
import { migrate } from '../src/platform/db/migrate.ts'
import { openDatabase } from '../src/platform/db/client.ts'
import { silentLog as log } from '../src/platform/log.ts'
import { ScopedPool, userInForce } from '../src/platform/db/row-security.ts'
const { config, drop } = await freshDatabase('postgresql')
await migrate(config, log)
const pool = new ScopedPool({ connectionString: (config as {url:string}).url, max: 2 })
const go = (u: string) => userInForce.run({ userId: u }, () => pool.query('select 1'))
for (const n of [1,2,3,6,20]) {
const r = await Promise.race([Promise.all(Array.from({length:n},(_, i)=>go(i%2?'a':'b'))).then(()=> 'ok'), new Promise(r=>setTimeout(()=>r('hang'),2000))])
console.log('pool', n, r, pool.totalCount, pool.idleCount, pool.waitingCount)
}
const d = await openDatabase(config, log)
for (const n of [1,2,3,6,20]) {
const s=['a','b'].map(id=>d.scopeToUser(id,{read(){},wrote:()=>({action:'t',timestamp:new Date()})}))
const r = await Promise.race([Promise.all(Array.from({length:n},(_, i)=>s[i%2]!.record.findMany())).then(()=> 'ok').catch(e=>String(e)), new Promise(r=>setTimeout(()=>r('hang'),3000))])
console.log('db', n, r)
}
process.on('exit',()=>{})
void drop
process.exit()
