/** What is kept in which part of a record, by the names of an app's fields. */
export type PartNames = { encrypted: ReadonlySet<string>; sealed: ReadonlySet<string> }

export type Fields = Readonly<Record<string, unknown>>

/** An app's value, by the parts of a record that hold it. A part is absent where the value has no field of it. */
export type Parts = { title?: string | null; data?: Fields; sealed?: Fields; encrypted?: Fields }

/** Puts each field where it belongs: `title` to the title, the declared ones to their part, all else to `data`. */
export function partsOf(value: object, { encrypted, sealed }: PartNames): Parts {
  const fields: Record<'data' | 'sealed' | 'encrypted', [string, unknown][]> = { data: [], sealed: [], encrypted: [] }
  const parts: Parts = {}
  for (const [name, field] of Object.entries(value)) {
    if (encrypted.has(name)) fields.encrypted.push([name, field])
    else if (sealed.has(name)) fields.sealed.push([name, field])
    else if (name === 'title') parts.title = titleOf(field)
    else fields.data.push([name, field])
  }
  for (const part of ['data', 'sealed', 'encrypted'] as const) {
    if (fields[part].length > 0) parts[part] = Object.fromEntries(fields[part])
  }
  return parts
}

function titleOf(value: unknown): string | null {
  if (value === undefined || value === null) return null
  if (typeof value === 'string') return value
  throw new TypeError('title: a text is asked for, or null. A field of that name may be declared encrypted or sealed.')
}

/** The fields of a part as it came from the server or out of an envelope: none where it holds anything but an object. */
export function fieldsIn(part: unknown): Fields {
  return isFields(part) ? part : {}
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The fields with the changes made; `undefined` takes a field away. Null where none is left. */
export function changed(fields: Fields, changes: Fields): Fields | null {
  const all = new Map(Object.entries(fields))
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) all.delete(name)
    else all.set(name, value)
  }
  return all.size > 0 ? Object.fromEntries(all) : null
}
