import { describe, expect, test } from 'vitest'
import { clientIp, isLoopback } from '../../../src/platform/http/client-ip.ts'

const proxies = ['10.0.0.0/8', 'fd00::/8', '192.0.2.7']

describe('L3: a spoofed address is not believed', () => {
  test('without trusted proxies the socket speaks, whatever the headers say', () => {
    const spoofed = {
      'x-forwarded-for': '1.1.1.1',
      forwarded: 'for=1.1.1.1',
      'x-real-ip': '1.1.1.1',
      'x-client-ip': '1.1.1.1',
      'cf-connecting-ip': '1.1.1.1',
      'true-client-ip': '1.1.1.1',
      'x-cluster-client-ip': '1.1.1.1',
    }
    expect(clientIp('203.0.113.9', spoofed, [])).toBe('203.0.113.9')
    expect(clientIp('203.0.113.9', spoofed, proxies)).toBe('203.0.113.9')
  })

  test('behind a trusted proxy only X-Forwarded-For counts', () => {
    expect(clientIp('10.0.0.1', { forwarded: 'for=1.1.1.1', 'x-real-ip': '1.1.1.1' }, proxies)).toBe('10.0.0.1')
  })

  test.each([
    ['what the proxy saw, not what the client claimed', '1.1.1.1, 203.0.113.9', '203.0.113.9'],
    ['over several trusted proxies', '1.1.1.1, 203.0.113.9, 10.2.2.2, 192.0.2.7', '203.0.113.9'],
    ['when all are trusted, the farthest', '10.9.9.9, 10.2.2.2', '10.9.9.9'],
    ['a malformed entry ends the walk at the last good one', '1.1.1.1, nonsense, 10.2.2.2', '10.2.2.2'],
    ['short and octal forms are malformed', '010.0.0.1, 10.2.2.2', '10.2.2.2'],
    ['an empty entry is malformed', '1.1.1.1,, 10.2.2.2', '10.2.2.2'],
    ['an empty header leaves the peer', '', '10.0.0.1'],
    ['a port is left out', '203.0.113.9:4711', '203.0.113.9'],
    ['brackets too', '[2001:db8::1]:4711', '2001:db8::1'],
    ['IPv6', '1.1.1.1, 2001:DB8:0::1', '2001:db8::1'],
    ['an untrusted IPv6 is not a trusted IPv4', 'fe80::1', 'fe80::1'],
  ])('%s', (_what, forwarded, expected) => {
    expect(clientIp('10.0.0.1', { 'x-forwarded-for': forwarded }, proxies)).toBe(expected)
  })

  test('the headers of the Fetch API serve as well, and a header named get confuses nothing', () => {
    expect(clientIp('10.0.0.1', new Headers({ 'X-Forwarded-For': '203.0.113.9' }), proxies)).toBe('203.0.113.9')
    expect(clientIp('10.0.0.1', { get: 'x', 'x-forwarded-for': '203.0.113.9' }, proxies)).toBe('203.0.113.9')
  })
})

test('L2: an IPv4 address in IPv6 dress is that address, at the socket and in the list', () => {
  expect(clientIp('::ffff:203.0.113.9', {}, [])).toBe('203.0.113.9')
  expect(clientIp('::ffff:10.0.0.1', { 'x-forwarded-for': '::ffff:203.0.113.9' }, proxies)).toBe('203.0.113.9')
  expect(clientIp('10.0.0.1', { 'x-forwarded-for': '203.0.113.9' }, ['::ffff:10.0.0.1'])).toBe('203.0.113.9')
})

test('a closed socket has no address; a zone is not part of one', () => {
  expect(clientIp(undefined, { 'x-forwarded-for': '1.1.1.1' }, proxies)).toBeNull()
  expect(clientIp('fe80::1%eth0', {}, [])).toBe('fe80::1')
})

test('loopback is this machine in each dress', () => {
  expect(['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1'].every(isLoopback)).toBe(true)
  expect(['10.0.0.1', '::2', '', undefined].some(isLoopback)).toBe(false)
})
