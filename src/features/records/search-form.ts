/**
 * The form of a title that is searched: NFKC, lower case, and LIKE's own signs as private characters, so that `%` in a
 * search means a percent sign, on either database.
 */
export function searchForm(text: string): string {
  // A sigma is written otherwise at the end of a word, which a search for its beginning does not know.
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll('ς', 'σ')
    .replace(/[%_\\]/g, (sign) => PLAIN_SIGNS[sign] ?? '')
}

const PLAIN_SIGNS: Readonly<Record<string, string>> = { '%': '\uE025', _: '\uE05F', '\\': '\uE05C' }
