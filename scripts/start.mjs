// `npm start`: builds what must be built, then runs the server in this process. `node scripts/start.mjs NAME ...` does the
// same with another program of dist. An installed package has no sources, and runs what it came with.
import { build, hasSources, isBuilt } from './build.mjs'

const [name = 'main'] = process.argv.splice(2, 1) // the program finds its own arguments where it looks for them

if (hasSources()) await bringUpToDate()
await import(new URL(`../dist/${name}.js`, import.meta.url).href)

async function bringUpToDate() {
  if (isBuilt()) return
  console.log('Building once, about five seconds ...')
  try {
    await build()
  } catch (error) {
    console.error(error.message)
    if (error.code === 'ERR_MODULE_NOT_FOUND')
      console.error('Building needs the development dependencies: run "npm ci".')
    process.exit(1)
  }
}
