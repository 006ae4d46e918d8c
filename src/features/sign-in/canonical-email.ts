import { domainToASCII } from 'node:url'
import { AppError } from '../../errors.ts'

// RFC 5321, section 4.5.3.1, and RFC 3696, erratum 1690.
const LONGEST_LOCAL = 64
const LONGEST_ADDRESS = 254
// Before anything is normalised, which could make it longer or take its time.
const LONGEST_TEXT = 400

// Without ! and %, by which old mail servers name the host to pass a mail on to.
const LOCAL_PART = /^[a-z0-9#$&'*+/=?^_`{|}~-]+(?:\.[a-z0-9#$&'*+/=?^_`{|}~-]+)*$/
// RFC 2047: some mail servers decode it, and may find another recipient in it.
const ENCODED_WORD = /=\?/
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const TOP_LABEL = /^(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})$/

/**
 * The one form of a mail address, which names an account, a link and a limit: trimmed, NFKC, lower case, the domain in
 * ASCII. Throws EMAIL_INVALID for what is odd: two spellings must never be two people, nor one spelling two recipients.
 */
export function canonicalEmail(text: string): string {
  const trimmed = text.trim()
  if (trimmed === '') throw invalid('The mail address is empty.')
  if (trimmed.length > LONGEST_TEXT) throw invalid('The mail address is too long.')
  if (/[\p{C}\p{Default_Ignorable_Code_Point}]/u.test(trimmed))
    throw invalid('The mail address holds characters that cannot be seen.')

  const normal = trimmed.normalize('NFKC').toLowerCase()
  const [local, domain, ...rest] = normal.split('@')
  // Counted before NFKC too, which makes an @ of a full-width one.
  if (!local || !domain || rest.length > 0 || trimmed.split('@').length !== 2)
    throw invalid('A mail address has one @ between a name and a domain.')
  if (/[^\x20-\x7e]/.test(local))
    throw invalid('Latchkey cannot send to an address whose part before the @ has letters beyond ASCII.')
  if (!LOCAL_PART.test(local) || ENCODED_WORD.test(local))
    throw invalid('The part before the @ is not one that mail providers give out.')
  if (local.length > LONGEST_LOCAL) throw invalid(`The part before the @ is longer than ${LONGEST_LOCAL} characters.`)

  const address = `${local}@${asciiDomain(domain)}`
  if (address.length > LONGEST_ADDRESS) throw invalid(`The mail address is longer than ${LONGEST_ADDRESS} characters.`)
  return address
}

function asciiDomain(domain: string): string {
  // Nothing else may reach domainToASCII: it decodes %2e, and reads [::1] and 0x7f.1 as hosts.
  if (!/^[\p{L}\p{M}\p{N}.\u3002-]+$/u.test(domain)) throw invalid('The part behind the @ is not a domain.')
  const ascii = domainToASCII(domain)
  const labels = ascii.split('.')
  const top = labels.at(-1) ?? ''
  if (labels.length < 2 || !labels.every((label) => LABEL.test(label)) || !TOP_LABEL.test(top)) {
    throw invalid('The part behind the @ is not a domain.')
  }
  return ascii
}

function invalid(message: string): AppError {
  return new AppError('EMAIL_INVALID', message, { field: 'email' })
}
