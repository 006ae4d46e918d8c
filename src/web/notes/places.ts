/** The list alone. */
export const LIST = '/notes'

/** A note that is not saved yet. */
export const NEW = 'new'

/** The address of a note. */
export const addressOf = (id: string): string => `/notes?note=${encodeURIComponent(id)}`

/** Which note an address means: its id, `NEW`, or null for none. */
export function placeIn(query: Readonly<Record<string, string>>): string | null {
  return query['note'] || ('new' in query ? NEW : null)
}
