let held = ''

/**
 * Takes the token of a mail's link out of the address bar and the history, before anything is shown, loaded or sent. The
 * page begins anew where another link is pasted over the first.
 */
export function holdTokenInAddress(): void {
  if (isOfMail()) {
    held = location.hash.slice(1)
    history.replaceState(null, '', location.pathname)
  }
  addEventListener('hashchange', () => {
    if (isOfMail() && location.hash !== '') location.reload()
  })
}

/** The token of the link that the page was opened with, once; empty where there is none. */
export function takeToken(): string {
  const token = held
  held = ''
  return token
}

const isOfMail = (): boolean => location.pathname.startsWith('/auth/')
