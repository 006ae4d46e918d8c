import ipaddr from 'ipaddr.js'

/**
 * The network that an address belongs to, as far as limits go: an IPv4 address by itself, an IPv6 address by its /64,
 * which is what one line is given. An IPv4 address written as IPv6 is that IPv4 address. What is no address at all
 * is 'unknown', one network for all.
 */
export function networkOf(ipAddress: string | null): string {
  const plain = ipAddress?.split('%')[0] ?? '' // fe80::1%eth0: the zone names our interface, not the peer
  if (!ipaddr.isValid(plain)) return 'unknown'
  const address = ipaddr.process(plain)
  if (address instanceof ipaddr.IPv4) return address.toString()
  const bytes = address.toByteArray()
  // 64:ff9b::/96 is the whole of IPv4 behind a translator (RFC 6052), so its /64 would be everybody.
  if (address.range() === 'rfc6052') return bytes.slice(12).join('.')
  return `${ipaddr.fromByteArray([...bytes.slice(0, 8), ...new Array<number>(8).fill(0)]).toString()}/64`
}

/**
 * The neighbourhood of an address, as far as places go: the IPv4 /24, the IPv6 /48, which is what a site is given. Within
 * it a new address is no news: a line gets another one each night.
 */
export function neighbourhoodOf(ipAddress: string | null): string {
  const [network = ''] = networkOf(ipAddress).split('/')
  if (!ipaddr.isValid(network)) return network
  const address = ipaddr.parse(network)
  const [kept, bits] = address.kind() === 'ipv4' ? [3, 24] : [6, 48]
  const bytes = address.toByteArray().map((byte, index) => (index < kept ? byte : 0))
  return `${ipaddr.fromByteArray(bytes).toString()}/${bits}`
}
