import type { ComponentType } from 'preact'
import { lazy, LocationProvider, Route, Router, useLocation } from 'preact-iso'
import { useEffect } from 'preact/hooks'
import { followOtherTabs, lookWho } from './latchkey.ts'
import { ProofDialog } from './prove.tsx'
import { Confirmation } from './ui/confirm.tsx'
import { Guarded } from './ui/broken.tsx'
import { NotLoaded } from './ui/not-loaded.tsx'
import { UnlockDialog } from './unlock.tsx'

// Each page is loaded when it is first opened. The server serves the same addresses: src/features/pages/routes.ts.
const Home = page(async () => (await import('./home/home.tsx')).Home)
const SignIn = page(async () => (await import('./sign-in/sign-in.tsx')).SignIn)
const Verify = page(async () => (await import('./mail-links/verify.tsx')).Verify)
const NotMe = page(async () => (await import('./mail-links/not-me.tsx')).NotMe)
const CancelRecovery = page(async () => (await import('./mail-links/cancel-recovery.tsx')).CancelRecovery)
const Overview = page(async () => (await import('./account/overview.tsx')).Overview)
const WaysIn = page(async () => (await import('./account/ways-in.tsx')).WaysIn)
const Sessions = page(async () => (await import('./account/sessions.tsx')).Sessions)
const Activity = page(async () => (await import('./account/activity.tsx')).Activity)
const Encryption = page(async () => (await import('./encryption/encryption.tsx')).Encryption)
const Recovery = page(async () => (await import('./recovery/recovery.tsx')).Recovery)
const Notes = page(async () => (await import('./notes/notes.tsx')).Notes)

/** All pages, and the dialogs that any of them can raise. */
export function App() {
  useEffect(() => void lookWho(), [])
  useEffect(() => followOtherTabs(), [])
  return (
    <Guarded>
      <LocationProvider>
        <Router>
          <Route path="/" component={Home} />
          <Route path="/sign-in" component={SignIn} />
          <Route path="/auth/verify" component={Verify} />
          <Route path="/auth/not-me" component={NotMe} />
          <Route path="/auth/cancel-recovery" component={CancelRecovery} />
          <Route path="/account" component={Overview} />
          <Route path="/account/ways-in" component={WaysIn} />
          <Route path="/account/sessions" component={Sessions} />
          <Route path="/account/activity" component={Activity} />
          <Route path="/account/encryption" component={Encryption} />
          <Route path="/account/recovery" component={Recovery} />
          <Route path="/notes" component={Notes} />
          <Route default component={Elsewhere} />
        </Router>
        <Confirmation />
        <UnlockDialog />
        <ProofDialog />
      </LocationProvider>
    </Guarded>
  )
}

/** An address that is none of the pages' but the server's own, such as GraphiQL and the mailbox. */
function Elsewhere() {
  const { url } = useLocation()
  useEffect(() => location.reload(), [url]) // the address bar names it already
  return null
}

/** A page whose script is loaded when it is first opened, with words for when it does not come. */
function page(load: () => Promise<ComponentType>) {
  return lazy(() => load().catch(() => NotLoaded))
}
