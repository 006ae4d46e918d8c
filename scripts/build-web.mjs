// Builds the pages with Vite: src/web/index.html, which is all of them, and GraphiQL's, with GraphiQL's files beside it.
// A built asset has its content's hash in its name, so that a browser may keep it for ever.
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const source = path.join(root, 'src', 'web')

/** The files of dist/web: their names and contents. */
export async function buildWeb() {
  const graphiql = await graphiqlFiles()
  const files = new Map([...(await bundle(graphiql.folder)), ...graphiql.files])
  files.set('favicon.svg', fs.readFileSync(path.join(source, 'favicon.svg')))
  return files
}

async function bundle(graphiqlFolder) {
  const vite = await import('vite')
  const { output } = await inProduction(() => vite.build(viteOptions(graphiqlFolder)))
  return output.map((file) => [file.fileName, Buffer.from(file.type === 'chunk' ? file.code : file.source)])
}

/**
 * Vite builds by NODE_ENV, and sets it where it is not set. The pages are the same whatever it says; and a server that
 * this process starts afterwards must not find itself in production.
 */
async function inProduction(build) {
  const { NODE_ENV } = process.env
  process.env.NODE_ENV = 'production'
  try {
    return await build()
  } finally {
    if (NODE_ENV === undefined) delete process.env.NODE_ENV
    else process.env.NODE_ENV = NODE_ENV
  }
}

function viteOptions(graphiqlFolder) {
  return {
    configFile: false,
    root: source,
    base: '/',
    mode: 'production',
    logLevel: 'error',
    define: { GRAPHIQL_FOLDER: JSON.stringify(graphiqlFolder) },
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    plugins: [graphiqlAddress(graphiqlFolder)],
    // The Worker that holds the keys is one file without imports: the page's policy lets it load nothing.
    worker: { format: 'es', rolldownOptions: { output: { entryFileNames: 'assets/[name]-[hash].js' } } },
    build: {
      write: false,
      target: ['es2022', 'safari16'],
      assetsInlineLimit: 0, // the policy lets no data: address be a style or a script
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      rolldownOptions: { input: ['index.html', 'graphiql.html'].map((name) => path.join(source, name)) },
    },
  }
}

/** graphiql.html names GraphiQL's own files, which are not built here. */
const graphiqlAddress = (folder) => ({
  name: 'graphiql-address',
  transformIndexHtml: { order: 'post', handler: (html) => html.replaceAll('%graphiql%', folder) },
})

/**
 * GraphiQL comes as texts that are meant to be written into one page. As files they need no inline script, and no
 * network: that is what lets the page have a strict content security policy.
 */
async function graphiqlFiles() {
  const { js, css, editorWorkerService, graphqlWorker, jsonWorker } =
    await import('@graphql-yoga/render-graphiql/graphiql')
  const texts = {
    'graphiql.js': js,
    'graphiql.css': css,
    'editor.worker.js': editorWorkerService,
    'graphql.worker.js': graphqlWorker,
    'json.worker.js': jsonWorker,
  }
  for (const [name, text] of Object.entries(texts)) {
    if (typeof text !== 'string') throw new Error(`@graphql-yoga/render-graphiql no longer has the text of ${name}.`)
  }
  const manifest = path.join(root, 'node_modules', '@graphql-yoga', 'render-graphiql', 'package.json')
  const { version } = JSON.parse(fs.readFileSync(manifest, 'utf8'))
  const folder = `/assets/graphiql-${version}`
  return {
    folder,
    files: Object.entries(texts).map(([name, text]) => [`${folder.slice(1)}/${name}`, Buffer.from(text)]),
  }
}

/** Puts the pages alone into a folder, for tests: node scripts/build-web.mjs FOLDER */
async function writeInto(folder) {
  for (const [name, contents] of await buildWeb()) {
    const file = path.join(folder, name)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(file, contents)
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(fs.realpathSync(process.argv[1])).href) {
  const [, , folder] = process.argv
  if (!folder) throw new Error('Usage: node scripts/build-web.mjs FOLDER')
  await writeInto(folder)
}
