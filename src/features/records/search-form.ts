/**
 * The form of a title that is searched: NFKC, lower case, and LIKE's own signs as private characters, so that `%` in a
 * search means a percent sign, on either database.
 */
export function searchForm(text: string): string {
  return text.normalize('NFKC').toLowerCase().replace(/[%_\\]/g, (sign) => PLAIN_SIGNS[sign] ?? '')
}

const PLAIN_SIGNS: Readonly<Record<string, string>> = { '%': '\uE025', _: '\uE05F', '\\': '\uE05C' }
