import { askForLink, createRecord, logOut, redeem, redeemAgain, revoke, write } from './deeds.ts'
import type { MailServer } from './mail-server.ts'
import type { Desk, Person } from './memory.ts'
import { settle } from './settle.ts'

const MOST_RECORDS = 20

/** A server's life, as those who use it see it. */
export type Life = {
  mail: MailServer
  random: () => number
  isOver: () => boolean
  over: Promise<void>
  end: () => void
  noteDeed: () => void
  /** Resolves when so many deeds have been done. */
  deeds: (count: number) => Promise<void>
}

export function beginLife({ mail, random }: Pick<Life, 'mail' | 'random'>): Life {
  let [isOver, done, wanted] = [false, 0, Infinity]
  const [over, end] = signal()
  const [enough, reach] = signal()
  return {
    mail,
    random,
    over,
    isOver: () => isOver,
    end() {
      isOver = true
      end()
    },
    noteDeed: () => void (++done >= wanted && reach()),
    deeds(count) {
      wanted = count
      return enough
    },
  }
}

function signal(): [Promise<void>, () => void] {
  let give = () => {}
  const given = new Promise<void>((resolve) => (give = resolve))
  return [given, give]
}

/** Uses the server until it dies: first looks whether all is as it was, then signs in, reads and writes as it comes. */
export async function live(person: Person, life: Life): Promise<void> {
  try {
    await settle(person)
    while (!life.isOver()) {
      await doNext(person, life)
      life.noteDeed()
    }
  } catch (error) {
    if (!isServerGone(error)) throw error
  }
}

function doNext(person: Person, life: Life): Promise<unknown> {
  const { mail, random } = life
  const [desk] = person.desks.filter(({ session }) => session)
  const links = [...mail.tokens(person.email)].filter((token) => !person.usedTokens.has(token))
  const anyDesk = pick(person.desks, random)
  const [link] = links
  const roll = random()

  if (!desk) {
    if (link) return redeem(person, anyDesk, link)
    return roll < 0.3 ? askForLink(person, anyDesk) : Promise.race([mail.next(), life.over])
  }
  if (roll < 0.15 && links.length < 3) return askForLink(person, anyDesk)
  if (roll < 0.35 && link) return redeem(person, anyDesk, link)
  if (roll < 0.42) return endSession(person, desk, random)
  if (roll < 0.45 && person.usedTokens.size > 0) return redeemAgain(anyDesk, pick([...person.usedTokens], random))
  return writeRecord(person, desk, random)
}

function endSession(person: Person, desk: Desk, random: () => number): Promise<void> {
  const other = person.desks.find((candidate) => candidate !== desk && candidate.session)
  return other && random() < 0.5 ? revoke(person, desk, other) : logOut(person, desk)
}

function writeRecord(person: Person, desk: Desk, random: () => number): Promise<void> {
  const { records } = person
  const [id, revision] = records.size > 0 ? pick([...records], random) : []
  const roll = random()
  if (id === undefined || revision === undefined || (roll < 0.4 && records.size < MOST_RECORDS))
    return createRecord(person, desk)
  return write(person, desk, id, revision, roll < 0.75 ? revision + 1 : null)
}

function pick<Item>(items: readonly Item[], random: () => number): Item {
  const item = items[Math.floor(random() * items.length)]
  if (item === undefined) throw new Error('There is nothing to choose from.')
  return item
}

/** What fetch throws when the other side is not there, or goes in the middle of an answer. */
export function isServerGone(error: unknown): boolean {
  return error instanceof TypeError && /fetch failed|terminated/.test(error.message)
}
