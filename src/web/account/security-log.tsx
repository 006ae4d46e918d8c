import { clockTime, day } from '../times.ts'
import type { Ref } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import type { AuditEntry, AuditPage } from '../../client/index.ts'
import { latchkey } from '../latchkey.ts'
import { ActionButton } from '../ui/form.tsx'
import { Loaded, useLoad } from '../ui/load.tsx'
import { FILTERS, isFilterName, wordsFor, type FilterName } from './audit-words.ts'
import { Section } from './section.tsx'

const PAGE_SIZE = 20

/** The log of what was done in the account, a page at a time, as far as a filter lets it be seen. */
export function SecurityLog() {
  const [filterName, setFilterName] = useState<FilterName>('changes')
  return (
    <Section title="Security log">
      <p class="quiet">What was done in your account, by you or by anybody else.</p>
      <FilterChoice name={filterName} onName={setFilterName} />
      <Pages key={filterName} filterName={filterName} />
    </Section>
  )
}

function FilterChoice({ name, onName }: { name: FilterName; onName: (name: FilterName) => void }) {
  const id = useId()
  return (
    <p class="filter">
      <label for={id}>Show</label>
      <select
        id={id}
        value={name}
        onChange={({ currentTarget: { value } }) => {
          if (isFilterName(value)) onName(value)
        }}
      >
        {Object.entries(FILTERS).map(([key, filter]) => (
          <option key={key} value={key}>
            {filter.name}
          </option>
        ))}
      </select>
    </p>
  )
}

const askFor = (filterName: FilterName, after: string | null): Promise<AuditPage> =>
  latchkey.securityAudit({ ...FILTERS[filterName].filter, first: PAGE_SIZE, after })

function Pages({ filterName }: { filterName: FilterName }) {
  const log = useLoad(() => askFor(filterName, null))
  const [newFrom, setNewFrom] = useState<string | null>(null) // the entry that the person reads on from
  const entry = useRef<HTMLLIElement>(null)
  useEffect(() => entry.current?.focus(), [newFrom])

  async function showMore({ edges, pageInfo }: AuditPage): Promise<void> {
    const more = await askFor(filterName, pageInfo.endCursor)
    log.put({ ...more, edges: [...edges, ...more.edges] })
    setNewFrom(more.edges[0]?.node.id ?? null)
  }

  return (
    <Loaded from={log}>
      {({ edges, pageInfo }) => (
        <>
          {edges.length === 0 && <p class="quiet empty">Nothing of this kind is in the log.</p>}
          {byDay(edges.map(({ node }) => node)).map(([name, entries]) => (
            <section key={name} class="day">
              <h3>{name}</h3>
              <ul class="things">
                {entries.map((each) => (
                  <Entry key={each.id} entry={each} entryRef={each.id === newFrom ? entry : undefined} />
                ))}
              </ul>
            </section>
          ))}
          {pageInfo.hasNextPage && (
            <ActionButton
              label="Show more"
              working="Loading"
              kind="second"
              work={() => showMore({ edges, pageInfo })}
            />
          )}
        </>
      )}
    </Loaded>
  )
}

function byDay(entries: readonly AuditEntry[]): readonly [day: string, entries: AuditEntry[]][] {
  const days = new Map<string, AuditEntry[]>()
  for (const entry of entries) {
    const name = day(new Date(entry.timestamp))
    days.set(name, [...(days.get(name) ?? []), entry])
  }
  return [...days]
}

type EntryProps = { entry: AuditEntry; entryRef?: Ref<HTMLLIElement> | undefined }

function Entry({ entry, entryRef }: EntryProps) {
  const { success, timestamp, deviceName, ipAddress } = entry
  const from = [deviceName, ipAddress].filter((part) => part !== null).join(', ')
  return (
    <li class="entry" tabIndex={-1} {...(entryRef && { ref: entryRef })}>
      <time class="quiet" dateTime={timestamp}>
        {clockTime(new Date(timestamp))}
      </time>
      <div>
        <p>
          {wordsFor(entry)} {!success && <span class="badge alarm-badge">refused</span>}
        </p>
        <details>
          <summary>
            <span class="for-readers">Details of what was done from </span>
            {from === '' ? 'the server itself' : from}
          </summary>
          <dl class="facts">
            {factsOf(entry).map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </details>
      </div>
    </li>
  )
}

function factsOf({ action, tableName, recordId, userAgent, details }: AuditEntry): readonly [string, string][] {
  const facts: readonly [string, string | null][] = [
    ['Action', action],
    ['Table', tableName],
    ['Row', recordId],
    ['Browser', userAgent],
    ['More', details === null ? null : JSON.stringify(details)],
  ]
  return facts.flatMap(([name, value]) => (value === null ? [] : [[name, value] as [string, string]]))
}
