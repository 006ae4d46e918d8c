import { useLocation } from 'preact-iso'
import { useEffect, useRef } from 'preact/hooks'
import { confirmed } from './confirm.tsx'

const QUESTION = {
  title: 'Leave without saving?',
  words: 'What you wrote is not saved yet. It is gone once you leave.',
  action: 'Leave',
  isDangerous: true,
}

let guard: (() => Promise<boolean>) | null = null

/** Whether the person may leave: true at once where nothing is unsaved, else what they say to the question. */
export const mayLeave = (): Promise<boolean> => guard?.() ?? Promise.resolve(true)

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
    const here = location.pathname + location.search
    const mine = async (): Promise<boolean> => {
      const isLeft = await confirmed(QUESTION)
      if (isLeft) letGo.current()
      return isLeft
    }
    const leaveFor = async (address: string): Promise<void> => {
      if (await mine()) route(address)
    }
    const onClick = (event: MouseEvent): void => {
      const address = wayOut(event)
      if (address === null) return
      event.preventDefault()
      event.stopPropagation() // the router listens at the window
      void leaveFor(address)
    }
    const onWayBack = (event: Event): void => {
      event.stopImmediatePropagation()
      const wanted = location.pathname + location.search
      history.pushState(null, '', here) // the browser has gone already
      void leaveFor(wanted)
    }
    const onUnload = (event: Event): void => event.preventDefault()
    guard = mine
    document.addEventListener('click', onClick)
    addEventListener('popstate', onWayBack, true)
    addEventListener('beforeunload', onUnload)
    return () => {
      guard = null
      document.removeEventListener('click', onClick)
      removeEventListener('popstate', onWayBack, true)
      removeEventListener('beforeunload', onUnload)
    }
  }, [isUnsaved, route])
}

/** Where a click leads within this tab and this server; null where it leads nowhere else. */
function wayOut(event: MouseEvent): string | null {
  const isElsewhere = event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.button !== 0
  if (isElsewhere || event.defaultPrevented) return null
  const link = event.composedPath().find((element) => element instanceof HTMLAnchorElement)
  if (!link || link.origin !== location.origin || link.target === '_blank') return null
  return link.pathname + link.search
}
