/**
 * Reads the token of a mail's link from the fragment, and takes it out of the address bar and the history, before
 * anything else runs. Empty where there is none. The page begins anew where another link is pasted over the first.
 */
export function tokenInAddress(): string {
  const found = location.hash.slice(1)
  history.replaceState(null, '', location.pathname)
  addEventListener('hashchange', () => location.reload())
  return found
}
