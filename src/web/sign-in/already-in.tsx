import type { User } from '../../client/index.ts'
import { signOut } from '../latchkey.ts'
import { ActionButton } from '../ui/form.tsx'
import { Heading } from '../ui/plate.tsx'

/** What whoever is signed in finds in the place of the form. `isElsewhere`: it happened while the form was open. */
export function AlreadyIn({ user, place, isElsewhere }: { user: User; place: string; isElsewhere: boolean }) {
  return (
    <>
      <Heading>You are signed in</Heading>
      <p class="lead">
        As <strong>{user.email}</strong>.{' '}
        {isElsewhere && 'It happened in another tab of this browser. You can close this one, or go on here.'}
      </p>
      <a class="button" href={place}>
        Go on
      </a>
      <div class="more other">
        <p class="quiet">Not you?</p>
        <ActionButton label="Sign in as somebody else" working="Signing out" work={signOut} />
      </div>
    </>
  )
}
