// `npm start`: builds what must be built, then runs the server in this process. `node scripts/start.mjs NAME ...` does the
// same with another program of dist. An installed package has no sources, and runs what it came with.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { hasSources, isBuilt } from './build.mjs'

const [name = 'main'] = process.argv.splice(2, 1) // the program finds its own arguments where it looks for them

if (hasSources() && !isBuilt()) buildApart()
await import(new URL(`../dist/${name}.js`, import.meta.url).href)

/** In a process of its own: what a build leaves behind, a hundred megabytes, would else stay for as long as the server runs. */
function buildApart() {
  console.log('Building once, about five seconds ...')
  const program = fileURLToPath(new URL('./build.mjs', import.meta.url))
  const { status } = spawnSync(process.execPath, [program, '--for-start'], { stdio: 'inherit' })
  if (status !== 0) process.exit(1)
}
