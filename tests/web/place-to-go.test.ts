import { expect, test, vi } from 'vitest'
import { ownPlace, placeToGo } from '../../src/web/sign-in/place-to-go.ts'

vi.stubGlobal('location', new URL('https://login.example.com/sign-in'))

test.each([
  ['/notes?note=1#top', '/notes?note=1#top'],
  ['https://login.example.com/account/sessions', '/account/sessions'],
  [null, '/account'],
])('whoever is signed in already goes on to a place of this site: %s', (asked, place) => {
  expect(ownPlace(asked)).toBe(place)
})

test.each([
  'https://evil.example/',
  '//evil.example',
  '/\\evil.example',
  '/a/..//evil.example',
  '/.//evil.example',
  'https://login.example.com//evil.example',
  'javascript:alert(1)',
  'data:text/html,x',
  'https://',
  '/auth/verify#token',
  '/a/../auth/verify#token',
  '/sign-in?redirect_to=/notes',
])('and to their account where it is none, or one where somebody else’s link could wait: %s', (asked) => {
  expect(ownPlace(asked)).toBe('/account')
})

test.each(['javascript:alert(1)', 'data:text/html,x', '/a/..//evil.example', 'https://'])(
  'a sign-in leads to the account in the place of %s, whatever the server says',
  (asked) => {
    expect(placeToGo(asked).href).toBe('https://login.example.com/account')
  },
)
