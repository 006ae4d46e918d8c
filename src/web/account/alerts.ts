import { computed, effect, signal } from '@preact/signals'
import type { SecurityAlert } from '../../client/index.ts'
import { latchkey } from '../latchkey.ts'
import { ofPerson, whoAsks } from '../of-person.ts'
import { person } from '../viewer.ts'

// The alerts of whoever is signed in. They are followed from here, by one stream for all pages: going from one page to
// another begins none anew.

export type Alerts =
  { kind: 'LOADING' } | { kind: 'LOADED'; all: readonly SecurityAlert[] } | { kind: 'FAILED'; error: unknown }

/** The newest alerts, seen or not, the newest first. */
export const alerts = ofPerson<Alerts>({ kind: 'LOADING' })

/** Those that the person has not said to have seen. */
export const unseen = computed(() =>
  alerts.value.kind === 'LOADED' ? alerts.value.all.filter(({ acknowledgedAt }) => !acknowledgedAt) : [],
)

/** The alert that came last while the page was open, until it is looked at. */
export const justCame = ofPerson<SecurityAlert | null>(null)

/** Counts what may have changed the account: each alert, and each time that some may have been missed. */
export const news = signal(0)

let looks = 0 // an answer that was overtaken is not shown

effect(() => {
  const who = person.value
  looks += 1 // what is on its way is another's
  if (who === null) return undefined
  const stop = new AbortController()
  void lookForAlerts()
  void follow(stop.signal)
  return () => stop.abort()
})

/** Asks for the alerts anew. Never throws. */
export async function lookForAlerts(): Promise<void> {
  const mine = (looks += 1)
  const found = await latchkey.securityAlerts({ first: 100 }).then(
    ({ edges }): Alerts => ({ kind: 'LOADED', all: edges.map(({ node }) => node) }),
    (error: unknown): Alerts => ({ kind: 'FAILED', error }),
  )
  // What is shown already is better than that it cannot be asked for at the moment.
  if (mine !== looks || (found.kind === 'FAILED' && alerts.value.kind === 'LOADED')) return
  alerts.value = found
}

/** Says to have seen an alert, which takes a fresh proof. */
export async function acknowledge(id: string): Promise<void> {
  const isTheirs = whoAsks()
  const alert = await latchkey.acknowledgeAlert(id)
  if (isTheirs()) put(alert)
}

/** Says to have seen all of them: one proof does. */
export async function acknowledgeAll(): Promise<void> {
  const isTheirs = whoAsks()
  for (const { id } of unseen.value) if (isTheirs()) await acknowledge(id)
}

async function follow(signal: AbortSignal): Promise<void> {
  let opened = 0
  const onOpen = async (): Promise<void> => {
    opened += 1
    await lookForAlerts()
    if (opened > 1) news.value += 1
  }
  // Refused: the page as a whole tells of a session that has ended. Else it goes on without news, as where a proxy lets
  // no stream through, or too many tabs are open.
  await latchkey.onSecurityAlert(cameIn, { signal, onOpen }).catch(() => null)
}

function cameIn(alert: SecurityAlert): void {
  put(alert)
  justCame.value = alert
  news.value += 1
}

function put(alert: SecurityAlert): void {
  if (justCame.value?.id === alert.id) justCame.value = null
  if (alerts.value.kind !== 'LOADED') return void lookForAlerts()
  const { all } = alerts.value
  const isKnown = all.some(({ id }) => id === alert.id)
  looks += 1
  alerts.value = {
    kind: 'LOADED',
    all: isKnown ? all.map((known) => (known.id === alert.id ? alert : known)) : [alert, ...all],
  }
}
