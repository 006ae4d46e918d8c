import type { Config } from '../../config.ts'

/** What the links in mails open, each a page below PAGES_URL. */
export type LinkedPage = 'auth/verify' | 'auth/not-me' | 'auth/cancel-recovery'

/** The address of a page for a mail. The token stands behind the #, which no server, log or referrer ever sees. */
export function pageLink({ pagesUrl }: Pick<Config, 'pagesUrl'>, page: LinkedPage, token: string): string {
  return new URL(`${page}#${token}`, pagesUrl).href
}
