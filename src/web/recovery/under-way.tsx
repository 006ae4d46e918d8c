import { ago } from '../times.ts'
import { useEffect, useId, useState } from 'preact/hooks'
import type { RecoveryStatus } from '../../client/index.ts'
import { lookAtRecovery } from '../account/recovery-status.ts'
import { latchkey } from '../latchkey.ts'
import { serverNow } from '../server-clock.ts'
import { confirmed } from '../ui/confirm.tsx'
import { ActionButton } from '../ui/form.tsx'
import { focusHeading } from '../ui/plate.tsx'
import { say } from '../ui/said.tsx'
import { BY_WAY, PLACES, whenAndHowLong } from './recovery-words.ts'

type Begun = { createdAt: string; deviceName: string; ipAddress: string | null }
type Notice = { title: string; words: string; goOn: { label: string; href: string } | null; begun: Begun }

/** What is under way to recover the account's data or to give it up, with the way to stop it; nothing where nothing is. */
export function UnderWay({ status, changed }: { status: RecoveryStatus; changed: () => Promise<void> }) {
  useMinutes()
  return (
    <>
      {noticesOf(status).map((notice) => (
        <OneUnderWay key={notice.title} notice={notice} changed={changed} />
      ))}
    </>
  )
}

/** A wait that is shown is told anew as it becomes shorter. */
export function useMinutes(): void {
  const [, tick] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => tick((times) => times + 1), 30_000)
    return () => clearInterval(timer)
  }, [])
}

function OneUnderWay({ notice, changed }: { notice: Notice; changed: () => Promise<void> }) {
  const id = useId()
  const { title, words, goOn, begun } = notice
  const place = begun.ipAddress === null ? '' : ` (${begun.ipAddress})`
  return (
    <section class="note under-way" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <p>{words}</p>
      <p class="quiet">
        Begun {ago(new Date(begun.createdAt))}, from {begun.deviceName}
        {place}.
      </p>
      <div class="buttons">
        {goOn && (
          <a class="button second" href={goOn.href}>
            {goOn.label}
          </a>
        )}
        <ActionButton label="Stop it" about={title} kind="danger" work={() => stop(changed)} />
      </div>
    </section>
  )
}

/** Stops all that is under way, once that was confirmed. */
export async function stop(changed: () => Promise<void>): Promise<void> {
  const isSure = await confirmed({
    title: 'Stop it?',
    words:
      'Nothing can be opened by it any more, and your data stays as it is. This way is then closed for seven days, for you too.',
    action: 'Stop it',
    isDangerous: true,
  })
  if (!isSure) return
  const stopped = await latchkey.encryption.cancelOpenRecovery()
  void lookAtRecovery() // for the banner of the other pages
  await changed()
  focusHeading() // the button is gone
  say(
    stopped
      ? 'It is stopped. If it was not you: whoever began it was signed in to your account, so look at your sessions, and end those that you do not know.'
      : 'Nothing was under way any more.',
  )
}

function noticesOf({ request, freshStart }: RecoveryStatus): Notice[] {
  const isOpen = request?.state === 'WAITING' || request?.state === 'READY'
  return [...(isOpen ? [ofRequest(request)] : []), ...(freshStart ? [ofFreshStart(freshStart)] : [])]
}

function ofRequest(request: NonNullable<RecoveryStatus['request']>): Notice {
  const { method, state, availableAt } = request
  const when = state === 'WAITING' ? `cannot open it before ${whenAndHowLong(availableAt)}` : 'can open it now'
  return {
    title: 'Your encrypted data is being recovered',
    words: `Somebody who is signed in to your account began to recover it ${BY_WAY[method]}, and ${when}. If that is not you, stop it.`,
    goOn: { label: state === 'WAITING' ? 'It is me' : 'It is me: go on', href: PLACES[method] },
    begun: request,
  }
}

function ofFreshStart(freshStart: NonNullable<RecoveryStatus['freshStart']>): Notice {
  const isReady = new Date(freshStart.availableAt).getTime() <= serverNow()
  const when = isReady
    ? `It can be done now, until ${whenAndHowLong(freshStart.expiresAt)}.`
    : `It can be done from ${whenAndHowLong(freshStart.availableAt)} on.`
  return {
    title: 'A new start without your keys was asked for',
    words: `${when} What your present keys encrypt is then given up. If that is not you, stop it.`,
    goOn: { label: isReady ? 'It is me: go on' : 'It is me', href: '/account/recovery?way=anew' },
    begun: freshStart,
  }
}
