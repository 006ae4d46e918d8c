// `npm start`: builds what must be built, then runs the server in this process. An installed package has no sources,
// and starts what it came with.
import fs from 'node:fs'

const main = new URL('../dist/main.js', import.meta.url)
const sources = new URL('../src/main.ts', import.meta.url)

if (fs.existsSync(sources)) {
  const { build, isBuilt } = await import('./build.mjs')
  if (!isBuilt()) {
    console.log('Building once, about 10 seconds ...')
    await build().catch(stopWith)
  }
}
await import(main.href)

function stopWith(error) {
  console.error(error.code === 'ERR_MODULE_NOT_FOUND' ? `${error.message}\nRun "npm ci" first, with the development dependencies.` : error.message)
  process.exit(1)
}
