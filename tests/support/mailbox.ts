import type { Mail, Mailer } from '../../src/platform/mail/mailer.ts'

/** Where a test server's mail ends up. */
export type TestMailbox = {
  mailer: Mailer
  mails: Mail[]
  /** The newest mail to an address, once it is there; `count` waits until so many have come. `which` leaves others out. */
  latest(to: string, count?: number, which?: (mail: Mail) => boolean): Promise<Mail>
}

export function testMailbox(): TestMailbox {
  const mails: Mail[] = []
  let listeners: (() => void)[] = []
  return {
    mails,
    mailer: {
      name: 'test',
      send(mail) {
        mails.push(mail)
        for (const tell of listeners) tell()
        return Promise.resolve()
      },
      close: () => Promise.resolve(),
    },
    async latest(to, count = 1, which = () => true) {
      for (;;) {
        const found = mails.filter((mail) => mail.to === to && which(mail))
        const newest = found.at(-1)
        if (newest && found.length >= count) return newest
        await new Promise<void>((resolve) => {
          listeners.push(resolve)
        })
        listeners = []
      }
    },
  }
}

/** True for a mail that signs in. An alert, which goes out at its own pace, does not. */
export function isSignInMail({ text }: Mail): boolean {
  return text.includes('/auth/verify#')
}

/** The link's token in a mail. */
export function tokenIn(mail: Mail): string {
  const token = /\/auth\/verify#([A-Za-z0-9_-]{43})/.exec(mail.text)?.[1]
  if (!token) throw new Error('The mail holds no link.')
  return token
}

/** The six digits in a mail. */
export function codeIn(mail: Mail): string {
  const code = /\b(\d{3}) ?(\d{3})\b/.exec(mail.text.replace(/https?:\S+/g, ''))
  if (!code) throw new Error('The mail holds no code.')
  return `${code[1]}${code[2]}`
}
