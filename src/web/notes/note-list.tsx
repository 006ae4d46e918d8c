import { ago } from '../times.ts'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { PrivateRecord, RecordPage } from '../../client/index.ts'
import { latchkey } from '../latchkey.ts'
import { Field } from '../ui/fields.tsx'
import { ActionButton } from '../ui/form.tsx'
import { Loaded, useLoad, type Load } from '../ui/load.tsx'
import { say } from '../ui/said.tsx'
import { KindBadge } from './kind-badge.tsx'
import { COLLECTION, kindOfRecord, titleOf } from './note.ts'
import { addressOf } from './places.ts'

const PAGE_SIZE = 20
const SEARCH_AFTER_MS = 250

export type NoteList = {
  load: Load<RecordPage>
  /** Adds the next page. */
  more: () => Promise<void>
  /** What the list was asked for; empty for all. */
  search: string
  setSearch: (search: string) => void
}

/** The titles of the notes, the newest first. They are asked for as records: a list of titles needs no keys. */
export function useNoteList(): NoteList {
  const [search, setSearch] = useState('')
  const asked = useRef(search)
  asked.current = search
  const pageAfter = (after: string | null): Promise<RecordPage> =>
    latchkey.records({
      collection: COLLECTION,
      first: PAGE_SIZE,
      after,
      ...(search !== '' && { titleContains: search }),
    })
  const load = useLoad(() => pageAfter(null), [search])

  async function more(): Promise<void> {
    if (load.state.kind !== 'LOADED') return
    const { edges, pageInfo } = load.state.value
    const next = await pageAfter(pageInfo.endCursor)
    if (asked.current === search) load.put({ ...next, edges: [...edges, ...next.edges] })
  }
  return { load, more, search, setSearch }
}

/** The list with its search. `openId` is the note that is shown beside it. */
export function NoteTitles({ list, openId }: { list: NoteList; openId: string | null }) {
  const { state } = list.load
  const hasNone = list.search === '' && state.kind === 'LOADED' && state.value.totalCount === 0
  return (
    <section class="note-titles" aria-label="All notes">
      <a class={openId === null ? 'button' : 'button second'} href="/notes?new" id="new-note" onClick={() => say('')}>
        New note
      </a>
      {!hasNone && <Search list={list} />}
      <Loaded from={list.load}>
        {(page) => (
          <>
            <Titles page={page} openId={openId} isSearch={list.search !== ''} />
            {page.pageInfo.hasNextPage && (
              <ActionButton label="Show more" working="Loading more" kind="second" work={list.more} />
            )}
          </>
        )}
      </Loaded>
    </section>
  )
}

function Search({ list: { load, search, setSearch } }: { list: NoteList }) {
  const [typed, setTyped] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setSearch(typed.trim()), SEARCH_AFTER_MS)
    return () => clearTimeout(timer)
  }, [typed, setSearch])
  const found = load.state.kind === 'LOADED' ? load.state.value.totalCount : 0
  return (
    <form
      role="search"
      onSubmit={(event) => {
        event.preventDefault()
        setSearch(typed.trim())
      }}
    >
      <Field label="Search in titles" type="search" value={typed} maxLength={200} onValue={setTyped} />
      <p class="hint" role="status">
        {load.state.kind === 'LOADED' && found > 0 && countOf(found, search)}
      </p>
    </form>
  )
}

function countOf(found: number, search: string): string {
  const notes = found === 1 ? '1 note' : `${found} notes`
  return search === '' ? notes : `${notes} with “${search}” in the title`
}

function Titles({ page, openId, isSearch }: { page: RecordPage; openId: string | null; isSearch: boolean }) {
  if (page.edges.length > 0) {
    return (
      <ul class="titles">
        {page.edges.map(({ node }) => (
          <Title key={node.id} record={node} isOpen={node.id === openId} />
        ))}
      </ul>
    )
  }
  return (
    <p class="quiet empty" role="status">
      {isSearch
        ? 'No title holds that. Try fewer letters; the texts are not searched.'
        : 'No notes yet. The first one can be about anything.'}
    </p>
  )
}

function Title({ record, isOpen }: { record: PrivateRecord; isOpen: boolean }) {
  return (
    <li>
      <a href={addressOf(record.id)} id={record.id} aria-current={isOpen ? 'page' : undefined} onClick={() => say('')}>
        <span class="title">{titleOf(record.title)}</span>
        <span class="beneath">
          <KindBadge kind={kindOfRecord(record)} />
          <time dateTime={record.createdAt}>{ago(new Date(record.createdAt))}</time>
        </span>
      </a>
    </li>
  )
}
