// A visitor's own clock may be wrong by hours. What the server dates is compared with the server's time.
let aheadMs = 0

/** The server's time in milliseconds, to the second, as far as its last answer tells. */
export const serverNow = (): number => Date.now() + aheadMs

/** `fetch`, with a look at the time that the answer was sent. */
export const fetchAndNoteTime: typeof fetch = async (input, init) => {
  const response = await fetch(input, init)
  const sentAt = Date.parse(response.headers.get('date') ?? '')
  if (!Number.isNaN(sentAt)) aheadMs = sentAt - Date.now()
  return response
}
