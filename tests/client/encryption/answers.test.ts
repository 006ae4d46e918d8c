import { describe, expect, test } from 'vitest'
import { joinTwo, normaliseAnswer, readAnswers, type TwoAnswers } from '../../../src/client/encryption/answers.ts'

const refusal = (field: string, message: string) =>
  expect.objectContaining({ code: 'BAD_INPUT', field, message: expect.stringContaining(message) })

describe('an answer', () => {
  test.each([
    ['Rex', ' rex ', 'R.E.X.', 'ＲＥＸ', 'r-e x!'],
    ['Müller', 'MÜLLER', 'mu\u0308ller', 'Mül\u00adler'],
    ['Große Straße 7', 'GROSSE STRASSE 7', 'grosse strasse７', 'große-straẞe: 7'],
    ['Ὀδυσσεύς', 'ὈΔΥΣΣΕΎΣ', 'ὀδυσσεύσ'],
    ['ο σος οικος', 'ΟΣΟΣΟΙΚΟΣ'],
    ['ﬁnch', 'Finch', 'FI\u200bNCH'],
    ['नमस्ते', ' नमस्ते।'],
    ['東京', '東 京'],
  ])('counts the same however it is written: %s', (...forms) => {
    expect([...new Set(forms.map(normaliseAnswer))]).toHaveLength(1)
  })

  test('is another where a letter, a digit or an accent is another', () => {
    const answers = ['rex', 'rey', 'rex1', 'réx', 'rexx', 'नमस्ते', 'नमसत', '١٢٣', '123']
    expect(new Set(answers.map(normaliseAnswer)).size).toBe(answers.length)
  })

  test('is not changed by being normalised again', () => {
    for (const text of ['İstanbul ısı', 'e-\u0301a\u0301', 'ŉǰΐßﬃ', 'Ὀδυσσεύς', 'Ǆ ǅ ǆ', '각 ㄱㅏㄱ', 'ſtaub']) {
      expect(normaliseAnswer(normaliseAnswer(text)), text).toBe(normaliseAnswer(text))
    }
  })

  test('of fewer than three letters and digits is told as a slip, without a word of it', () => {
    for (const short of ['', 'ab', ' a - b ', '!!!', '\u{1f511}\u{1f511}\u{1f511}', '❤\ufe0f❤\ufe0f❤\ufe0f', '|||']) {
      const read = () => readAnswers(['first', short, 'third'])
      expect(read, short).toThrow(refusal('answers[1]', '3 letters or digits'))
    }
    expect(readAnswers(['abc', '日本人', '1 2 3'])).toEqual(['abc', '日本人', '123'])
  })

  test('that is given twice is refused, also where it is written otherwise', () => {
    expect(() => readAnswers(['Paris', 'London', 'PARIS!'])).toThrow(refusal('answers[2]', 'another answer'))
    expect(() => readAnswers(['Paris', 'London'])).toThrow(refusal('answers', '3 are asked for'))
  })
})

describe('two answers', () => {
  const two = (first: number, second: number): TwoAnswers => ({ first, second, answers: ['Rex ', 'Paris'] })

  test('are one secret in the order of their questions, which no other two make', () => {
    expect(joinTwo(two(0, 2))).toBe('rex|paris')
    const moved = joinTwo({ first: 0, second: 1, answers: ['rexp', 'aris'] })
    expect(moved).not.toBe(joinTwo(two(0, 1)))
    expect(joinTwo({ first: 0, second: 1, answers: ['rex|p', 'aris'] })).toBe(moved)
  })

  test.each([
    [1, 0],
    [1, 1],
    [0, 3],
    [-1, 1],
    [0.5, 1],
  ])('to the questions %s and %s are none', (first, second) => {
    expect(() => joinTwo(two(first, second))).toThrow(refusal('answers', 'two of the three'))
  })

  test('of which one is too short are told by its question', () => {
    expect(() => joinTwo({ first: 0, second: 2, answers: ['rex', 'no'] })).toThrow(refusal('answers[2]', '3 letters'))
  })
})
