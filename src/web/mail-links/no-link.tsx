import { Heading } from '../ui/plate.tsx'

/** What a page that mails lead to shows when it was opened without a link's token. */
export function NoLink({ href, way }: { href: string; way: string }) {
  return (
    <>
      <Heading>There is no link here</Heading>
      <p class="lead">
        This page works only when it is opened from the mail. If you reloaded it, open the link in the mail again; if
        you copied the link, copy all of it.
      </p>
      <a class="button" href={href}>
        {way}
      </a>
    </>
  )
}
