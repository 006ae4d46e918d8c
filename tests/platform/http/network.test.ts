import { expect, test } from 'vitest'
import { networkOf } from '../../../src/platform/http/network.ts'

test('L2: a thousand addresses of one /64 are one network', () => {
  const networks = Array.from({ length: 1_000 }, (_, host) =>
    networkOf(`2001:db8:1:2:${(host * 7919).toString(16).slice(-4)}::${host.toString(16)}`),
  )
  expect(new Set(networks)).toEqual(new Set(['2001:db8:1:2::/64']))
})

test('L2: ::ffff:1.2.3.4 is 1.2.3.4, however it is written', () => {
  for (const written of ['1.2.3.4', '::ffff:1.2.3.4', '::FFFF:1.2.3.4', '::ffff:102:304', '0:0:0:0:0:ffff:0102:0304']) {
    expect(networkOf(written)).toBe('1.2.3.4')
  }
})

test('neighbours are not one network', () => {
  expect(networkOf('1.2.3.5')).not.toBe(networkOf('1.2.3.4'))
  expect(networkOf('2001:db8:1:3::1')).not.toBe(networkOf('2001:db8:1:2::1'))
})

test('people behind a translator are told apart by their IPv4 address', () => {
  expect(networkOf('64:ff9b::1.2.3.4')).toBe('1.2.3.4')
})

test('a zone does not make another network', () => {
  expect(networkOf('fe80::1%eth0')).toBe(networkOf('fe80::2'))
})

test('what is no address shares one network', () => {
  for (const odd of [null, '', 'unknown', '1.2.3.4.5', '::1::', 'localhost', '1.2.3.4, 5.6.7.8'])
    expect(networkOf(odd)).toBe('unknown')
})
