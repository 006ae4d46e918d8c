import { ago, dateAndTime } from '../times.ts'
import { useRef } from 'preact/hooks'
import type { AuthLevel, AuthMethod, Session } from '../../client/index.ts'
import { useUnlocked } from '../encryption/use-unlocked.ts'
import { latchkey } from '../latchkey.ts'
import { ActionButton } from '../ui/form.tsx'
import { Loaded, useLoad } from '../ui/load.tsx'
import { say } from '../ui/said.tsx'
import { endOthers } from './end-others.ts'
import { AccountFrame } from './frame.tsx'
import { Section } from './section.tsx'
import { useNews } from './use-news.ts'

/** Where the account is signed in, with the means to end what the person does not know. */
export function Sessions() {
  return <AccountFrame title="Sessions">{() => <SessionLists />}</AccountFrame>
}

function SessionLists() {
  const sessions = useLoad(() => latchkey.sessions())
  useNews(sessions.reload)
  return (
    <>
      <p class="lead">Each browser and device that is signed in to your account. End those that you do not know.</p>
      <Loaded from={sessions}>
        {(all) => (
          <>
            <Section title="This browser">
              <ul class="things">
                {all
                  .filter(({ current }) => current)
                  .map((session) => (
                    <SessionItem key={session.id} session={session} />
                  ))}
              </ul>
            </Section>
            <Others sessions={all.filter(({ current }) => !current)} reload={sessions.reload} />
          </>
        )}
      </Loaded>
    </>
  )
}

function Others({ sessions, reload }: { sessions: readonly Session[]; reload: () => Promise<void> }) {
  const title = useRef<HTMLHeadingElement>(null)
  const follow = async (): Promise<void> => {
    await reload()
    title.current?.focus()
  }
  return (
    <Section title="Elsewhere" titleRef={title}>
      {sessions.length === 0 && <p class="quiet empty">You are signed in nowhere else.</p>}
      <ul class="things">
        {sessions.map((session) => (
          <SessionItem key={session.id} session={session} end={() => endOne(session).then(follow)} />
        ))}
      </ul>
      {sessions.length > 0 && (
        <ActionButton
          label="Sign out everywhere else"
          working="Signing out"
          kind="second"
          work={async () => {
            if (await endOthers()) await follow()
          }}
        />
      )}
    </Section>
  )
}

async function endOne({ id, deviceName }: Session): Promise<void> {
  await latchkey.revokeSession(id)
  say(`${deviceName} is signed out.`)
}

function SessionItem({ session, end }: { session: Session; end?: () => Promise<void> }) {
  const { current, deviceName, remembered, ipAddress, lastActivityAt, level } = session
  return (
    <li>
      <div>
        <p class="thing-title">
          {deviceName} {current && <span class="badge">this one</span>}{' '}
          {remembered && <span class="badge quiet-badge">remembered</span>}
        </p>
        <p class="quiet">
          {`Used ${ago(new Date(lastActivityAt))}${ipAddress ? `, last proved from ${ipAddress}` : ''}.`}
        </p>
        <p class="quiet">{lasting(session)}</p>
        <p class="quiet">{LEVELS[level]}</p>
        {current && session.encryptionEnabled && <LockState />}
      </div>
      {end && <ActionButton label="Sign out" working="Signing out" about={deviceName} work={end} />}
    </li>
  )
}

const BY: Readonly<Record<AuthMethod, string>> = { MAGIC_LINK: 'by mail', PASSKEY: 'by a passkey' }

function lasting({ authMethod, createdAt, expiresAt }: Session): string {
  return `Signed in ${BY[authMethod]} on ${dateAndTime(new Date(createdAt))}, until ${dateAndTime(new Date(expiresAt))} at the latest.`
}

const LEVELS: Readonly<Record<AuthLevel, string>> = {
  SESSION: 'Asked for a new proof before it changes what matters.',
  FRESH: 'Proved lately, by mail: asked for a passkey before it changes the ways in.',
  STRONG: 'Proved lately: asked for nothing more.',
}

function LockState() {
  const isUnlocked = useUnlocked()
  return (
    <p class="quiet">
      {isUnlocked ? 'Your encrypted data is unlocked here. ' : 'Your encrypted data is locked here. '}
      <a href="/account/encryption">Encryption</a>
    </p>
  )
}
