import { useLocation } from 'preact-iso'
import { useEffect } from 'preact/hooks'
import { ActionButton } from '../ui/form.tsx'
import { say } from '../ui/said.tsx'
import { news } from './alerts.ts'
import { Section } from './section.tsx'
import { lookWhatIsUnderWay, stopWhatIsUnderWay, underWay } from './under-way.ts'

/** What is under way to recover the encrypted data, or to give it up, with the means to stop it; else nothing. */
export function RecoveryBanner() {
  const count = news.value
  useEffect(() => void lookWhatIsUnderWay(), [count])
  const { path } = useLocation()
  const found = underWay.value
  // The page of the recovery shows it by itself, with all that can be done about it.
  if (!found || path === '/account/recovery') return null
  return (
    <Section title={found.title} class="note banner">
      <p>{found.words}</p>
      <p class="quiet">{found.from}</p>
      <ActionButton
        label="Stop it"
        working="Stopping it"
        kind="second"
        work={async () => say(await stopWhatIsUnderWay())}
      />
    </Section>
  )
}
