import { ago, count } from '../times.ts'
import type { User } from '../../client/index.ts'
import { latchkey } from '../latchkey.ts'
import { Loaded, useLoad } from '../ui/load.tsx'
import { unseen } from './alerts.ts'
import { AccountFrame } from './frame.tsx'
import { nextSteps, type Facts } from './next-steps.ts'
import { Section } from './section.tsx'
import { useNews } from './use-news.ts'

/** Who is signed in, what is worth doing next, and how the account stands. */
export function Overview() {
  return <AccountFrame title="Overview">{(user) => <Standing user={user} />}</AccountFrame>
}

type Standing = Omit<Facts, 'unseen'> & { notes: number }

async function lookAtAll(): Promise<Standing> {
  const [devices, encryption, recovery, { totalCount }] = await Promise.all([
    latchkey.securityDevices(),
    latchkey.encryption.status(),
    latchkey.encryption.recoveryStatus(),
    latchkey.records({ collection: 'notes', first: 1 }),
  ])
  return { devices, encryption, recovery, notes: totalCount }
}

function Standing({ user }: { user: User }) {
  const standing = useLoad(lookAtAll)
  useNews(standing.reload)
  return (
    <>
      <p class="lead">
        Signed in as <strong>{user.email}</strong>
        {user.lastLoginAt && `. The last sign-in was ${ago(new Date(user.lastLoginAt))}.`}
      </p>
      <Loaded from={standing}>
        {(loaded) => (
          <>
            <NextSteps facts={{ ...loaded, unseen: unseen.value.length }} />
            <Section title="How it stands">
              <ul class="cards">
                {cardsFor(loaded).map((card) => (
                  <Card key={card.href} {...card} />
                ))}
              </ul>
            </Section>
          </>
        )}
      </Loaded>
    </>
  )
}

function NextSteps({ facts }: { facts: Facts }) {
  const steps = nextSteps(facts)
  return (
    <Section title="Worth doing next">
      {steps.length === 0 && <p class="quiet empty">Nothing. Your account is in good order.</p>}
      <ul class="things">
        {steps.map(({ title, words, action, href }) => (
          <li key={title}>
            <div>
              <p class="thing-title">{title}</p>
              <p class="quiet">{words}</p>
            </div>
            <a href={href}>{action}</a>
          </li>
        ))}
      </ul>
    </Section>
  )
}

type CardFacts = { name: string; value: string; words: string; href: string }

function cardsFor({ devices: { passkeys, sessions }, encryption, notes }: Standing): readonly CardFacts[] {
  return [
    {
      name: 'Ways in',
      value: passkeys.length === 0 ? 'Mail' : `Mail and ${count(passkeys.length, 'passkey')}`,
      words: passkeys.length === 0 ? 'No passkey yet' : passkeys.map(({ name }) => name).join(', '),
      href: '/account/ways-in',
    },
    {
      name: 'Signed in',
      value: sessions.length === 1 ? 'Only here' : `On ${sessions.length} browsers`,
      words: [...new Set(sessions.map(({ deviceName }) => deviceName))].join(', '),
      href: '/account/sessions',
    },
    {
      name: 'Encryption',
      value: encryption.enabled ? 'On' : 'Off',
      words: encryption.enabled
        ? `${count(encryption.recoveryCodesLeft, 'recovery code')} left`
        : 'Nothing is encrypted by your devices',
      href: '/account/encryption',
    },
    {
      name: 'Notes',
      value: notes === 0 ? 'None yet' : count(notes, 'note'),
      words: 'Only you can reach them',
      href: '/notes',
    },
  ]
}

function Card({ name, value, words, href }: CardFacts) {
  return (
    <li>
      <a class="card" href={href}>
        <span class="quiet">{name}</span>
        <strong>{value}</strong>
        <span class="quiet">{words}</span>
      </a>
    </li>
  )
}
