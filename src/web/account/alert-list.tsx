import { ago } from '../times.ts'
import { useRef } from 'preact/hooks'
import type { SecurityAlert } from '../../client/index.ts'
import { ActionButton } from '../ui/form.tsx'
import { Failed, Waiting } from '../ui/load.tsx'
import { acknowledge, acknowledgeAll, alerts, lookForAlerts, unseen } from './alerts.ts'
import { Section } from './section.tsx'

/** The alerts, as they come: those not seen yet, each to be put away, and behind a fold the others. */
export function AlertList() {
  const title = useRef<HTMLHeadingElement>(null)
  return (
    <Section title="Alerts" titleRef={title}>
      <Alerts follow={() => title.current?.focus()} />
    </Section>
  )
}

function Alerts({ follow }: { follow: () => void }) {
  const now = alerts.value
  if (now.kind === 'LOADING') return <Waiting />
  if (now.kind === 'FAILED') return <Failed error={now.error} retry={lookForAlerts} />
  const [open, seen] = [unseen.value, now.all.filter(({ acknowledgedAt }) => acknowledgedAt)]
  return (
    <>
      {open.length === 0 && (
        <p class="quiet empty">Nothing that you have not seen. New alerts appear here as they come.</p>
      )}
      <ul class="things">
        {open.map((alert) => (
          <AlertItem key={alert.id} alert={alert} see={() => acknowledge(alert.id).then(follow)} />
        ))}
      </ul>
      {open.length > 0 && (
        <p class="hint">
          Was one of them not you? <a href="/account/sessions">End its session</a>, and look at the{' '}
          <a href="/account/ways-in">ways in</a>.
        </p>
      )}
      {open.length > 1 && (
        <ActionButton
          label="I have seen them all"
          working="Noting it"
          kind="second"
          work={() => acknowledgeAll().then(follow)}
        />
      )}
      {seen.length > 0 && <SeenAlerts alerts={seen} />}
    </>
  )
}

function SeenAlerts({ alerts: seen }: { alerts: readonly SecurityAlert[] }) {
  return (
    <details>
      <summary>{seen.length === 1 ? 'One that you have seen' : `${seen.length} that you have seen`}</summary>
      <ul class="things">
        {seen.map((alert) => (
          <AlertItem key={alert.id} alert={alert} />
        ))}
      </ul>
    </details>
  )
}

function AlertItem({ alert, see }: { alert: SecurityAlert; see?: () => Promise<void> }) {
  const { message, createdAt, deviceName, ipAddress } = alert
  const from = [deviceName, ipAddress].filter((part) => part !== null).join(', ')
  return (
    <li>
      <div>
        <p class={see ? 'thing-title' : ''}>{message}</p>
        <p class="quiet">{`${ago(new Date(createdAt))}${from === '' ? '' : `, from ${from}`}`}</p>
      </div>
      {see && <ActionButton label="I have seen it" working="Noting it" about={message} work={see} />}
    </li>
  )
}
