import { useLocation } from 'preact-iso'
import { useEffect, useRef } from 'preact/hooks'
import { confirmed } from './confirm.tsx'

const QUESTION = {
  title: 'Leave without saving?',
  words: 'What you wrote is not saved yet. It is gone once you leave.',
  action: 'Leave',
  isDangerous: true,
}

type Guard = { here: string; mayLeave: () => Promise<boolean>; leaveFor: (address: string) => Promise<void> }

let guard: Guard | null = null

/** Whether the person may leave: true at once where nothing is unsaved, else what they say to the question. */
export const mayLeave = (): Promise<boolean> => guard?.mayLeave() ?? Promise.resolve(true)

/**
 * While something is unsaved, a link, the way back and a reload ask before they leave. `onLeave` is called once the person
 * lets go of it.
 */
export function useLeaving(isUnsaved: boolean, onLeave: () => void): void {
  const { route } = useLocation()
  const letGo = useRef(onLeave)
  letGo.current = onLeave

  useEffect(() => {
    if (!isUnsaved) return
    const ask = async (): Promise<boolean> => {
      const isLeft = await confirmed(QUESTION)
      if (isLeft) letGo.current()
      return isLeft
    }
    const leaveFor = async (address: string): Promise<void> => {
      if (await ask()) route(address)
    }
    guard = { here: location.pathname + location.search, mayLeave: ask, leaveFor }
    const onUnload = (event: Event): void => event.preventDefault()
    addEventListener('beforeunload', onUnload)
    return () => {
      guard = null
      removeEventListener('beforeunload', onUnload)
    }
  }, [isUnsaved, route])
}

/** Watches the ways out. To be called before the router is there: it listens at the window too, where the first one is heard first. */
export function watchWaysOut(): void {
  document.addEventListener('click', (event) => {
    const address = guard && wayOut(event)
    if (!guard || !address) return
    event.preventDefault()
    event.stopPropagation()
    void guard.leaveFor(address)
  })
  addEventListener('popstate', (event) => {
    if (!guard) return
    event.stopImmediatePropagation()
    const wanted = location.pathname + location.search
    history.pushState(null, '', guard.here) // the browser has gone already
    void guard.leaveFor(wanted)
  })
}

/** Where a click leads within this tab and this server; null where it leads nowhere else. */
function wayOut(event: MouseEvent): string | null {
  const isElsewhere = event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.button !== 0
  if (isElsewhere || event.defaultPrevented) return null
  const link = event.composedPath().find((element) => element instanceof HTMLAnchorElement)
  if (!link || link.origin !== location.origin || link.target === '_blank') return null
  return link.pathname + link.search
}
