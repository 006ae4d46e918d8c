import { Heading, Plate } from './plate.tsx'
import { online } from './online.ts'

/** In the place of a page whose script did not come: there is no connection, or the server has newer pages by now. */
export function NotLoaded() {
  return (
    <Plate>
      <Heading>This page did not load</Heading>
      <p class="lead" role="status">
        {online.value
          ? 'Try again. If it stays so, the server is away for the moment.'
          : 'You are offline. Try again once you are connected.'}
      </p>
      <button type="button" onClick={() => location.reload()}>
        Try again
      </button>
    </Plate>
  )
}
