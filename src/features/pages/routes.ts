import { Hono } from 'hono'
import type { Context } from 'hono'
import type { Config } from '../../config.ts'
import { securityHeaders } from '../../platform/http/security-headers.ts'
import type { AnswerKind } from '../../platform/http/security-headers.ts'
import { builtWebFolder, readWebFolder } from './read-web-folder.ts'

type Options = {
  config: Pick<Config, 'mode' | 'introspection' | 'publicUrl'>
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
 * The pages that people see, and what they load. GraphiQL, at GET /graphql, only where the schema may be asked for;
 * who mounts these sends it there those requests that ask for HTML.
 */
export function pageRoutes({ config, webFolder = builtWebFolder() }: Options): Hono {
  const files = readWebFolder(webFolder)
  const routes = new Hono()

  const headers = { page: securityHeaders('page', config), graphiql: securityHeaders('graphiql', config) }
  const servePage = (address: string, name: string, kind: AnswerKind & keyof typeof headers) => {
    const html = marked(files.page(name), config)
    routes.get(address, (c: Context) => c.html(html, 200, headers[kind]))
  }

  for (const address of PAGES) servePage(address, 'index', 'page')
  if (config.introspection) servePage('/graphql', 'graphiql', 'graphiql')

  for (const [address, { contentType, read }] of files.assets) {
    const cached = {
      'Content-Type': contentType,
      'Cache-Control': address.startsWith('/assets/') ? FOR_EVER : FOR_A_DAY,
    }
    const assetHeaders = { ...securityHeaders('asset', config), ...cached }
    routes.get(address, async (c) => c.body(new Uint8Array(await read()), 200, assetHeaders))
  }
  return routes
}

/** Tells the page that it is served in development: it then shows the ways to GraphiQL and to the mailbox. */
function marked(html: string, { mode }: Options['config']): string {
  return mode === 'development' ? html.replace('<html', '<html data-development') : html
}
