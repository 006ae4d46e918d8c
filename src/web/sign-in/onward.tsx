import { Heading } from '../ui/plate.tsx'

/** What is seen for a moment between the sign-in and the page that it leads to. */
export function Onward({ place }: { place: string }) {
  return (
    <>
      <Heading>You are signed in</Heading>
      <p class="lead">
        Taking you on. If nothing happens, <a href={place}>go on yourself</a>.
      </p>
    </>
  )
}
