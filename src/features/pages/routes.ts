import { Hono } from 'hono'
import type { Context } from 'hono'
import type { Config } from '../../config.ts'
import { securityHeaders } from '../../platform/http/security-headers.ts'
import type { AnswerKind } from '../../platform/http/security-headers.ts'
import { builtWebFolder, readWebFolder } from './read-web-folder.ts'
import type { WebFile, WebFiles } from './read-web-folder.ts'

type Options = {
  config: Pick<Config, 'mode' | 'introspection' | 'publicUrl' | 'pages' | 'pagesUrl'>
  /** Where the built pages are. */
  webFolder?: string
}

/** The addresses of the pages, which are one: src/web/app.tsx finds by the address what to show. */
export const PAGES = [
  '/',
  '/sign-in',
  '/auth/verify',
  '/auth/not-me',
  '/auth/cancel-recovery',
  '/account',
  '/account/ways-in',
  '/account/sessions',
  '/account/activity',
  '/account/encryption',
  '/account/recovery',
  '/notes',
] as const

// Assets have their content's hash, or GraphiQL's version, in their address: what it names never changes.
const FOR_EVER = 'public, max-age=31536000, immutable'
const FOR_A_DAY = 'public, max-age=86400'

/**
 * The pages that people see, and what they load; where PAGES is off, words in their place. GraphiQL, at GET /graphql, only
 * where the schema may be asked for; who mounts these sends it there those requests that ask for HTML.
 */
export function pageRoutes({ config, webFolder = builtWebFolder() }: Options): Hono {
  const files = readWebFolder(webFolder)
  const routes = new Hono()

  const headers = { page: securityHeaders('page', config), graphiql: securityHeaders('graphiql', config) }
  const servePage = (address: string, name: string, kind: AnswerKind & keyof typeof headers) => {
    const html = marked(files.page(name), config)
    routes.get(address, (c: Context) => c.html(html, 200, headers[kind]))
  }

  if (config.pages) for (const address of PAGES) servePage(address, 'index', 'page')
  else routes.route('/', noPageRoutes(config))
  if (config.introspection) servePage('/graphql', 'graphiql', 'graphiql')

  const assets = servedAssets(files, config)
  for (const [address, { contentType, read }] of assets) {
    const cached = {
      'Content-Type': contentType,
      'Cache-Control': address.startsWith('/assets/') ? FOR_EVER : FOR_A_DAY,
    }
    const assetHeaders = { ...securityHeaders('asset', config), ...cached }
    routes.get(address, async (c) => c.body(new Uint8Array(await read()), 200, assetHeaders))
  }
  return routes
}

/** What stands at the pages' addresses where there are none: where the pages are instead, for a person or a program. */
function noPageRoutes(config: Options['config']): Hono {
  const headers = securityHeaders('api', config)
  const { href } = config.pagesUrl
  const routes = new Hono()
  routes.get('/', (c) =>
    c.text(`This is an API, and has no pages. Those that belong to it are at ${href}\n`, 200, headers),
  )
  for (const address of PAGES.filter((each) => each !== '/')) {
    routes.get(address, (c) => {
      const message = `This server shows no pages. Those that belong to it are at ${href}`
      if (wantsJson(c)) return c.json({ errors: [{ message }] }, 404, headers)
      return c.text(`${message}\n`, 404, headers)
    })
  }
  return routes
}

function wantsJson(c: Context): boolean {
  const accept = c.req.header('accept') ?? ''
  return accept.includes('application/json') && !accept.includes('text/html')
}

function servedAssets(files: WebFiles, { pages, introspection }: Options['config']): Iterable<[string, WebFile]> {
  if (pages) return files.assets
  return introspection ? assetsOf(files.page('graphiql'), files.assets) : []
}

/** What one page loads: the files that it names, and what lies beside those in a folder of their own. */
function assetsOf(html: string, assets: WebFiles['assets']): [string, WebFile][] {
  const named = new Set([...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, address = '']) => address))
  const folders = [...named].map((address) => address.replace(/[^/]+$/, '')).filter((folder) => !SHARED.has(folder))
  return [...assets].filter(([address]) => named.has(address) || folders.some((folder) => address.startsWith(folder)))
}

// Where the assets of all pages lie side by side.
const SHARED = new Set(['/', '/assets/'])

/** Tells the page that it is served in development: it then shows the ways to GraphiQL and to the mailbox. */
function marked(html: string, { mode }: Options['config']): string {
  return mode === 'development' ? html.replace('<html', '<html data-development') : html
}
