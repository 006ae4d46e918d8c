import ipaddr from 'ipaddr.js'
import { headerOf } from './headers.ts'
import type { RequestHeaders } from './headers.ts'

type Address = ipaddr.IPv4 | ipaddr.IPv6
type Network = [Address, number]

/**
 * The address that a request comes from: the socket's, unless TRUSTED_PROXIES names that peer. Then X-Forwarded-For is
 * read from the right, over further trusted proxies, to the first address that is not one. An entry that is no address
 * ends the walk at the last good one. `Forwarded`, `X-Real-IP` and their kin are never read. Null for a closed socket.
 */
export function clientIp(
  socketAddress: string | undefined,
  headers: RequestHeaders,
  trustedProxies: readonly string[],
): string | null {
  const peer = parseAddress(socketAddress ?? '')
  if (!peer) return null
  const trusted = networksOf(trustedProxies)
  let last = peer
  if (trusted.length > 0 && isIn(last, trusted)) {
    const forwarded = (headerOf(headers, 'x-forwarded-for') ?? '').split(',')
    for (const entry of forwarded.reverse()) {
      const address = parseAddress(withoutPort(entry.trim()))
      if (!address) break
      last = address
      if (!isIn(address, trusted)) break
    }
  }
  return last.toString()
}

/** True for an address (10.0.0.1, fd00::1) or a network (10.0.0.0/8) that TRUSTED_PROXIES may name. */
export function isNetwork(text: string): boolean {
  return parseNetwork(text) !== null
}

/** True when the socket's other end is this machine. */
export function isLoopback(socketAddress: string | undefined): boolean {
  return parseAddress(socketAddress ?? '')?.range() === 'loopback'
}

/** Strict: no octal, no short forms. An IPv4 address in IPv6 dress (::ffff:1.2.3.4) is the IPv4 address. */
function parseAddress(text: string): Address | null {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text)
  const [bare = ''] = text.split('%')
  if (!bare.includes(':') || !ipaddr.IPv6.isValid(bare)) return null
  const address = ipaddr.IPv6.parse(bare)
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address
}

// Some proxies write 1.2.3.4:5678 or [2001:db8::1]:5678.
function withoutPort(entry: string): string {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\](?::\d{1,5})?|(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5})$/.exec(entry) ?? []
  return bracketed ?? plain ?? entry
}

function parseNetwork(text: string): Network | null {
  const [addressText = '', bitsText, ...rest] = text.split('/')
  const address = parseAddress(addressText)
  if (!address || rest.length > 0) return null
  const allBits = address.kind() === 'ipv4' ? 32 : 128
  if (bitsText === undefined) return [address, allBits]
  if (!/^\d{1,3}$/.test(bitsText)) return null
  const bits = Number(bitsText)
  // Zero bits would believe everybody.
  return bits >= 1 && bits <= allBits ? [address, bits] : null
}

const parsed = new WeakMap<readonly string[], Network[]>()

// The list is the configuration's own and does not change, so it is parsed once.
function networksOf(trustedProxies: readonly string[]): Network[] {
  const known = parsed.get(trustedProxies)
  if (known) return known
  const networks = trustedProxies.map(parseNetwork).filter((network) => network !== null)
  parsed.set(trustedProxies, networks)
  return networks
}

function isIn(address: Address, networks: readonly Network[]): boolean {
  return networks.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits))
}
