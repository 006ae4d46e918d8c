import Database from 'better-sqlite3'
const db = new Database('/tmp/lkb/latchkey.db')
const u = db.prepare('select id from users limit 1').get().id
const ins = db.prepare(`insert into records (id,user_id,collection,title,title_search,data,revision,created_at,updated_at) values (?,?,?,?,?,?,1,?,?)`)
db.transaction(() => { for (let i=0;i<1000;i++) { const t=new Date(Date.now()-i*1000).toISOString().replace('Z','+00:00'); ins.run(`01a1fd56-dbf9-76f0-8182-${String(i).padStart(12,'0')}`,u,'notes','Title '+i,'title '+i,JSON.stringify({n:i,text:'hello world'}),t,t) } })()
