import type { DocumentNode } from 'graphql'

type DocumentCache = { get(text: string): DocumentNode | undefined; set(text: string, document: DocumentNode): void }

// A parsed document takes up to 300 bytes for each of its characters.
const MOST_CHARACTERS = 200_000
const LONGEST_DOCUMENT = 10_000

/**
 * Parsed documents by their text, those used last. Bounded by their length together: anybody may send documents, a new
 * one each time and each as long as a body may be, and a count alone would let them fill the memory.
 */
export function documentCache(mostCharacters = MOST_CHARACTERS): DocumentCache {
  const documents = new Map<string, DocumentNode>()
  let characters = 0

  return {
    get(text) {
      const document = documents.get(text)
      if (!document) return undefined
      documents.delete(text)
      documents.set(text, document)
      return document
    },
    set(text, document) {
      if (text.length > LONGEST_DOCUMENT || documents.has(text)) return
      documents.set(text, document)
      characters += text.length
      for (const oldest of documents.keys()) {
        if (characters <= mostCharacters) return
        documents.delete(oldest)
        characters -= oldest.length
      }
    },
  }
}

/** Keeps nothing. A document that does not parse is found out soon enough again. */
export const noCache = { get: () => undefined, set: () => {} }
