import { describe, expect, test } from 'vitest'
import { canonicalEmail } from '../../../src/features/sign-in/canonical-email.ts'

describe('M6: two spellings of an address are one person', () => {
  test.each([
    ['ada@example.com', 'ada@example.com'],
    ['  Ada.Lovelace+notes@Example.COM \r\n', 'ada.lovelace+notes@example.com'],
    ["o'brien_x-1@mail.example.co.uk", "o'brien_x-1@mail.example.co.uk"],
    ['o\ufb03ce@example.com', 'office@example.com'], // the ligature ffi
    ['\uff41da@example.com', 'ada@example.com'], // a full-width a
    ['ada@exam\u1d56le.com', 'ada@example.com'], // a superscript p
    ['\u212aelvin@example.com', 'kelvin@example.com'], // the Kelvin sign
    ['ada@münchen.de', 'ada@xn--mnchen-3ya.de'],
    ['ada@mu\u0308nchen.de', 'ada@xn--mnchen-3ya.de'], // NFD
    ['ada@MÜNCHEN.DE', 'ada@xn--mnchen-3ya.de'],
    ['ada@xn--mnchen-3ya.de', 'ada@xn--mnchen-3ya.de'],
    ['ada@straße.de', 'ada@xn--strae-oqa.de'],
    ['ada@example\u3002com', 'ada@example.com'], // an ideographic full stop
    ['ada@例え.テスト', 'ada@xn--r8jz45g.xn--zckzah'],
  ])('%j is %s, and stays it', (text, canonical) => {
    expect(canonicalEmail(text)).toBe(canonical)
    expect(canonicalEmail(canonical)).toBe(canonical)
  })
})

describe('M6: an odd address is refused', () => {
  test.each([
    ['nothing', ''],
    ['blanks', ' \t'],
    ['no @', 'ada.example.com'],
    ['two @', 'ada@b@example.com'],
    ['no name', '@example.com'],
    ['no domain', 'ada@'],
    ['a full-width @', 'ada\uff20example.com'],
    ['a full-width @ beside one', 'ada\uff20evil.example@example.com'],
    ['a small @', 'ada\ufe6bexample.com'],
    ['CRLF', 'ada@example.com\r\nBcc: x@evil.example'],
    ['NUL', 'ada\0@example.com'],
    ['a tab', 'a\tda@example.com'],
    ['DEL', 'ada\x7f@example.com'],
    ['zero width space', 'ada\u200b@example.com'],
    ['zero width joiner', 'a\u200dda@example.com'],
    ['soft hyphen', 'ada@exam\u00adple.com'],
    ['byte order mark', 'a\ufeffda@example.com'],
    ['right to left', 'ada\u202e@example.com'],
    ['variation selector', 'ada\ufe0f@example.com'],
    ['hangul filler', 'ada\u3164@example.com'],
    ['a lone surrogate', 'ada\ud800@example.com'],
    ['a tag', 'ada\u{e0061}@example.com'],
    ['a comma', 'ada@example.com,x@evil.example'],
    ['a semicolon', 'ada@example.com;x@evil.example'],
    ['a space', 'a da@example.com'],
    ['a no-break space', 'a\u00a0da@example.com'],
    ['a space in the domain', 'ada@exam ple.com'],
    ['quotes', '"ada"@example.com'],
    ['a quoted comma', '"ada,x"@example.com'],
    ['angle brackets', '<ada@example.com>'],
    ['a name', 'Ada <ada@example.com>'],
    ['full-width brackets', '\uff1cada@example.com\uff1e'],
    ['a comment', 'ada(x)@example.com'],
    ['a comment in the domain', 'ada@example.com(x)'],
    ['brackets', 'ada@[127.0.0.1]'],
    ['IPv6', 'ada@[IPv6:::1]'],
    ['IPv4', 'ada@127.0.0.1'],
    ['hexadecimal IPv4', 'ada@0x7f.1'],
    ['one number', 'ada@2130706433'],
    ['circled digits', 'ada@①②⑦.0.0.1'],
    ['no dot', 'ada@localhost'],
    ['a dot at the end', 'ada@example.com.'],
    ['a dot at the start', 'ada@.example.com'],
    ['two dots', 'ada@example..com'],
    ['dots in the name', 'a..da@example.com'],
    ['a dot before the name', '.ada@example.com'],
    ['a dot behind it', 'ada.@example.com'],
    ['a hyphen first', 'ada@-example.com'],
    ['a hyphen last', 'ada@example-.com'],
    ['an underscore', 'ada@exam_ple.com'],
    ['a percent sign', 'ada@exa%6dple.com'],
    ['a slash', 'ada@example.com/x'],
    ['a port', 'ada@example.com:25'],
    ['a backslash', 'ada\\@example.com'],
    ['a scheme', 'mailto:ada@example.com'],
    ['a hash', 'ada@example.com#x'],
    ['bad punycode', 'ada@xn--a.com'],
    ['an emoji domain', 'ada@😀.com'],
    ['a top level of digits', 'ada@example.123'],
    ['a long name', `${'a'.repeat(65)}@example.com`],
    ['a long address', `ada@${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.example.com`],
    ['a long label', `ada@${'a'.repeat(64)}.com`],
    ['a flood', `ada@${'a.'.repeat(100_000)}com`],
    ['a flood of ligatures', `${'\ufdfa'.repeat(200)}@example.com`],
    ['letters beyond ASCII', 'ädä@example.com'],
    ['Cyrillic that looks Latin', '\u0430da@example.com'],
    ['a dotted capital I', '\u0130da@example.com'],
  ])('%s', (_what, text) => {
    expect(() => canonicalEmail(text)).toThrow(
      expect.objectContaining({ code: 'EMAIL_INVALID', extensions: { code: 'EMAIL_INVALID', field: 'email' } }),
    )
  })

  test('an address with letters beyond ASCII before the @ is told why', () => {
    expect(() => canonicalEmail('ädä@example.com')).toThrow(/beyond ASCII/)
  })
})
