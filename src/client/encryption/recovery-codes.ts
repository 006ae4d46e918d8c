import { LatchkeyError } from '../errors.ts'
import { randomBytes } from './bytes.ts'

// Crockford's base32: no letter that is taken for a digit, and no U, by which fewer words come about by chance.
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const READ_AS: Readonly<Record<string, string>> = { O: '0', I: '1', L: '1' }
const CODE_BYTES = 15
const LETTERS = 24
const GROUP = 4
const BITS = 5

/** Makes a recovery code: 120 random bits, `XXXX-XXXX-XXXX-XXXX-XXXX-XXXX`. */
export function makeRecoveryCode(): { code: string; secret: Uint8Array } {
  const secret = randomBytes(CODE_BYTES)
  return { code: writeRecoveryCode(secret), secret }
}

/** A code as it is shown. */
export function writeRecoveryCode(secret: Uint8Array): string {
  let letters = ''
  let [held, heldBits] = [0, 0]
  for (const byte of secret) {
    held = (held << 8) | byte
    heldBits += 8
    while (heldBits >= BITS) {
      heldBits -= BITS
      letters += ALPHABET[(held >> heldBits) & 31]
    }
    held &= (1 << heldBits) - 1
  }
  return (letters.match(new RegExp(`.{${GROUP}}`, 'g')) ?? []).join('-')
}

/**
 * Reads a code back as somebody types it: any case, spaces and dashes anywhere, O for 0, I and L for 1. BAD_INPUT for
 * another letter or another length, which is a slip and says nothing about whether the code is right.
 */
export function readRecoveryCode(text: string): Uint8Array<ArrayBuffer> {
  const letters = [
    ...text
      .normalize('NFKC')
      .toUpperCase()
      .replaceAll(/[\s\p{Dash}]/gu, ''),
  ]
  const values = letters.map((letter) => ALPHABET.indexOf(READ_AS[letter] ?? letter))
  if (values.includes(-1)) throw refusal('holds a letter or sign that no code has')
  if (values.length !== LETTERS) throw refusal(`has ${values.length} letters and digits, and a code has ${LETTERS}`)

  const secret = new Uint8Array(CODE_BYTES)
  let [held, heldBits, written] = [0, 0, 0]
  for (const value of values) {
    held = (held << BITS) | value
    heldBits += BITS
    if (heldBits < 8) continue
    heldBits -= 8
    secret[written++] = held >> heldBits
    held &= (1 << heldBits) - 1
  }
  return secret
}

const refusal = (what: string) => new LatchkeyError('BAD_INPUT', `code: it ${what}.`, { field: 'code' })
