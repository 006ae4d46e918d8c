import { AppError } from '../../errors.ts'
import { AUTHENTICATORS } from './authenticators.ts'

const LONGEST = 64

/** A name as its owner typed it: trimmed, 1 to 64 characters, none that cannot be seen. BAD_INPUT otherwise. */
export function passkeyName(text: string): string {
  const name = text.normalize('NFC').trim()
  if (name.length >= 1 && name.length <= LONGEST && !/[\p{C}\p{Zl}\p{Zp}]/u.test(name)) return name
  throw new AppError('BAD_INPUT', `name: 1 to ${LONGEST} characters that can be seen.`, { field: 'name' })
}

/** What a passkey is called whose owner gave it no name: its provider where it says so, else the device. */
export function defaultName({ aaguid, deviceName }: { aaguid: string; deviceName: string }): string {
  const place = / on (.+)$/.exec(deviceName)?.[1]
  return AUTHENTICATORS[aaguid] ?? (place ? `Passkey on ${place}` : 'Passkey')
}

/** The name, told apart from those that are taken: 'iCloud Keychain 2'. */
export function distinctName(name: string, taken: readonly string[]): string {
  if (!taken.includes(name)) return name
  for (let number = 2; ; number++) {
    const numbered = `${name.slice(0, LONGEST - 3)} ${number}`
    if (!taken.includes(numbered)) return numbered
  }
}
