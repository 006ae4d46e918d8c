// Builds the pages: each src/web/*.html with the script and the style that it names, and GraphiQL's files beside them.
// A built asset has its content's hash in its name, so that a browser may keep it for ever.
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const source = path.join(root, 'src', 'web')
const LINKED = /(?<=(?:src|href)=")\.\/([\w-]+\.(?:ts|css))(?=")/g

/** The files of dist/web: their names and contents. */
export async function buildWeb() {
  const pages = fs.readdirSync(source).filter((name) => name.endsWith('.html'))
  const texts = new Map(pages.map((name) => [name, fs.readFileSync(path.join(source, name), 'utf8')]))
  const linked = [...texts.values()].flatMap((text) => [...text.matchAll(LINKED)].map(([, name]) => name))
  const graphiql = await graphiqlFiles()
  const assets = await bundle([...new Set(linked)], graphiql.folder)

  const files = new Map([...assets.files, ...graphiql.files])
  files.set('favicon.svg', fs.readFileSync(path.join(source, 'favicon.svg')))
  for (const [name, text] of texts) {
    const page = text.replace(LINKED, (_, link) => assets.addressOf(link)).replaceAll('%graphiql%', graphiql.folder)
    files.set(name, Buffer.from(page))
  }
  return files
}

async function bundle(names, graphiqlFolder) {
  const esbuild = await import('esbuild')
  const outdir = path.join(root, 'dist', 'web')
  const { outputFiles, metafile } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: names.map((name) => `src/web/${name}`),
    outbase: 'src/web',
    outdir,
    entryNames: 'assets/[name]-[hash]',
    chunkNames: 'assets/[name]-[hash]',
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: ['es2022', 'safari16'],
    tsconfig: 'tsconfig.browser.json',
    define: { GRAPHIQL_FOLDER: JSON.stringify(graphiqlFolder) },
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'silent',
  })
  const outputs = Object.entries(metafile.outputs)
  return {
    files: outputFiles.map((file) => [path.relative(outdir, file.path), file.contents]),
    addressOf(name) {
      const [output] = outputs.find(([, { entryPoint }]) => entryPoint === `src/web/${name}`) ?? []
      if (!output) throw new Error(`src/web/${name} is named by a page but was not built.`)
      return `/${path.relative(outdir, path.join(root, output))}`
    },
  }
}

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
