import type { ComponentChildren } from 'preact'
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { isLatchkeyError } from '../../client/index.ts'
import { explain } from '../words.ts'
import { ActionButton } from './form.tsx'

/** What was asked for, as far as it has come. */
export type Load<T> = {
  state: { kind: 'LOADING' } | { kind: 'LOADED'; value: T } | { kind: 'FAILED'; error: unknown }
  /** Asks again; what is shown stays until the answer has come. Throws what the asking throws. */
  reload: () => Promise<void>
  /** Puts another value in its place, as after a change whose answer holds it. */
  put: (value: T) => void
}

/** Asks the server for what a part of a page shows: at first, and again where `about` changes. */
export function useLoad<T>(ask: () => Promise<T>, about: readonly unknown[] = []): Load<T> {
  const [state, setState] = useState<Load<T>['state']>({ kind: 'LOADING' })
  const newest = useRef(0) // an answer that was overtaken is not shown

  const again = useCallback(ask, about)

  const reload = useCallback(async () => {
    const mine = (newest.current += 1)
    const value = await again()
    if (mine === newest.current) setState({ kind: 'LOADED', value })
  }, [again])

  const put = useCallback((value: T) => {
    newest.current += 1
    setState({ kind: 'LOADED', value })
  }, [])

  useEffect(() => {
    reload().catch((error: unknown) => setState({ kind: 'FAILED', error }))
    return () => void (newest.current += 1)
  }, [reload])
  return { state, reload, put }
}

/** What was loaded; before that a word that it is on its way, or what went wrong with a button to try again. */
export function Loaded<T>({ from, children }: { from: Load<T>; children: (value: T) => ComponentChildren }) {
  const { state, reload } = from
  if (state.kind === 'LOADED') return <>{children(state.value)}</>
  if (state.kind === 'LOADING') return <Waiting />
  // The page as a whole says that the session has ended.
  if (isLatchkeyError(state.error, 'UNAUTHENTICATED')) return null
  return <Failed error={state.error} retry={reload} />
}

/** A word that something is on its way. */
export function Waiting({ words = 'Loading' }: { words?: string }) {
  return (
    <p class="quiet waiting" aria-busy="true">
      {words}
    </p>
  )
}

/** What went wrong, and a button to try again. */
export function Failed({ error, retry }: { error: unknown; retry: () => Promise<void> }) {
  return (
    <div class="failed">
      <p class="error" role="alert">
        {explain(error).text}
      </p>
      <ActionButton label="Try again" kind="second" work={retry} />
    </div>
  )
}
