/**
 * A JSON value on its way out. The executor takes whatever has a `then` for a promise, and people's data may have a key
 * of that name: so it travels in a shell, which JSON.stringify opens.
 */
export type JsonValue = { toJSON(): unknown }

export function jsonValue(value: unknown): JsonValue {
  return { toJSON: () => value }
}

/** The same from its text, as a column holds it. Parsed when it is written out, so that a page holds one at a time. */
export function jsonFromText(text: string): JsonValue {
  return { toJSON: () => JSON.parse(text) as unknown }
}
