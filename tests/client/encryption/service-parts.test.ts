import { afterEach, describe, expect, test, vi } from 'vitest'
import { keepHighWaterMarks } from '../../../src/client/encryption/high-water-mark.ts'
import { startIdleLock } from '../../../src/client/encryption/idle-lock.ts'
import { changed, partsOf } from '../../../src/client/encryption/parts.ts'
import { askingForPrf, readPrf } from '../../../src/client/encryption/prf.ts'
import { isSameJson } from '../../../src/client/encryption/same-json.ts'
import { confirmCodes } from '../../../src/client/encryption/setup.ts'
import { shareUnlockPrompt } from '../../../src/client/encryption/unlock-prompt.ts'

afterEach(() => {
  vi.useRealTimers()
})

describe('what this device has seen of the keys', () => {
  const storageWith = (value: string | null) => {
    const kept = new Map<string, string>()
    return {
      kept,
      getItem: (key: string) => kept.get(key) ?? value,
      setItem: (key: string, text: string) => void kept.set(key, text),
    }
  }

  test('is kept for the next page, and never lowered', () => {
    const storage = storageWith(null)
    const marks = keepHighWaterMarks(storage)
    expect(marks.seen('ada')).toBeNull()
    marks.remember('ada', { generation: 2, ringRevision: 5 })
    marks.remember('ada', { generation: 1, ringRevision: 9 })
    expect(keepHighWaterMarks(storage).seen('ada')).toEqual({ generation: 2, ringRevision: 9 })
    expect(marks.seen('grace')).toBeNull()
  })

  test('survives in the page when the storage is emptied under it', () => {
    const storage = storageWith(null)
    const marks = keepHighWaterMarks(storage)
    marks.remember('ada', { generation: 2, ringRevision: 5 })
    storage.kept.clear()
    expect(marks.seen('ada')).toEqual({ generation: 2, ringRevision: 5 })
  })

  test.each([
    'nonsense',
    '[]',
    '7',
    '{"generation":-1,"ringRevision":2}',
    '{"generation":1.5,"ringRevision":2}',
    '{"generation":"9","ringRevision":2}',
    '{"generation":1e999,"ringRevision":2}',
  ])('a storage that holds %s locks nobody out', (value) => {
    const marks = keepHighWaterMarks(storageWith(value))
    expect(marks.seen('ada')).toBeNull()
    marks.remember('ada', { generation: 1, ringRevision: 1 })
    expect(marks.seen('ada')).toEqual({ generation: 1, ringRevision: 1 })
  })

  test('a storage that refuses everything is gone without', () => {
    const refuse = (): never => {
      throw new Error('Forbidden.')
    }
    const marks = keepHighWaterMarks({ getItem: refuse, setItem: refuse })
    marks.remember('ada', { generation: 1, ringRevision: 1 })
    expect(marks.seen('ada')).toEqual({ generation: 1, ringRevision: 1 })
    marks.forget('ada')
    expect(marks.seen('ada')).toBeNull()
  })

  test('can be forgotten, of one user; and a storage that will not is told of', () => {
    const storage = storageWith(null)
    const marks = keepHighWaterMarks(storage)
    marks.remember('ada', { generation: 2, ringRevision: 5 })
    marks.remember('grace', { generation: 3, ringRevision: 3 })
    marks.forget('ada')
    for (const each of [marks, keepHighWaterMarks(storage)]) {
      expect([each.seen('ada'), each.seen('grace')]).toEqual([null, { generation: 3, ringRevision: 3 }])
    }
    const full = new Error('Full.')
    const stuck = keepHighWaterMarks({
      getItem: () => '{"generation":2,"ringRevision":5}',
      setItem: () => {
        throw full
      },
    })
    expect(() => stuck.forget('ada')).toThrow(full)
  })
})

describe('the lock after idle time', () => {
  test('counts from the last use', () => {
    vi.useFakeTimers()
    const lock = vi.fn<() => void>()
    const idle = startIdleLock(15, lock)
    vi.advanceTimersByTime(3_600_000)
    idle.touch()
    vi.advanceTimersByTime(14 * 60_000)
    idle.touch()
    vi.advanceTimersByTime(14 * 60_000)
    expect([lock.mock.calls.length, idle.isOver()]).toEqual([0, false])
    vi.advanceTimersByTime(60_000)
    expect([lock.mock.calls.length, idle.isOver()]).toEqual([1, true])
  })

  test('is over by the clock, too, where the timer slept with the computer', () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const idle = startIdleLock(15, () => {})
    idle.touch()
    vi.setSystemTime(Date.now() + 15 * 60_000)
    expect(idle.isOver()).toBe(true)
    idle.stop()
    expect(idle.isOver()).toBe(false)
  })

  test('never comes for 0 minutes, nor after it was stopped', () => {
    vi.useFakeTimers()
    const lock = vi.fn<() => void>()
    startIdleLock(0, lock).touch()
    const stopped = startIdleLock(1, lock)
    stopped.touch()
    stopped.stop()
    vi.advanceTimersByTime(100 * 24 * 3_600_000)
    expect(lock).not.toHaveBeenCalled()
  })
})

describe('the parts of a record', () => {
  const names = { encrypted: new Set(['body']), sealed: new Set(['pin']) }

  test('each field goes to its own, and a declared title is no title', () => {
    expect(partsOf({ title: 'A', body: 'b', pin: 'p', colour: 'c' }, names)).toEqual({
      title: 'A',
      encrypted: { body: 'b' },
      sealed: { pin: 'p' },
      data: { colour: 'c' },
    })
    const secretive = { encrypted: new Set(['title']), sealed: new Set<string>() }
    expect(partsOf({ title: 'A' }, secretive)).toEqual({ encrypted: { title: 'A' } })
    expect(() => partsOf({ title: 7 }, names)).toThrow(TypeError)
  })

  test('D7: __proto__ is a field like any other, and pollutes nothing', () => {
    const hostile = JSON.parse('{"__proto__": {"admin": true}, "constructor": 1}') as object
    const { data } = partsOf(hostile, names)
    expect(Object.keys(data ?? {})).toEqual(['__proto__', 'constructor'])
    expect(Object.keys(changed(data ?? {}, {}) ?? {})).toEqual(['__proto__', 'constructor'])
    expect('admin' in {}).toBe(false)
  })

  test('undefined takes a field away, and null keeps it', () => {
    expect(changed({ a: 1, b: 2 }, { a: undefined, b: null })).toEqual({ b: null })
    expect(changed({ a: 1 }, { a: undefined })).toBeNull()
  })

  test('the same JSON is the same in any order, and nothing else is', () => {
    expect(isSameJson({ a: [1, { b: null }], c: 'x' }, { c: 'x', a: [1, { b: null }] })).toBe(true)
    for (const [one, other] of [
      [{ a: 1 }, { a: 1, b: undefined }],
      [{ a: undefined }, { b: undefined }],
      [
        [1, 2],
        [2, 1],
      ],
      [[], {}],
      [null, {}],
      ['1', 1],
      [{ a: { b: 1 } }, { a: { b: 2 } }],
    ]) {
      expect(isSameJson(one, other)).toBe(false)
    }
  })
})

describe('what a passkey gives', () => {
  test('P7: is asked for in bytes, beside what the server asks for', () => {
    const asked = askingForPrf({ challenge: 'x', extensions: { credProps: true } })
    expect(asked).toEqual({
      challenge: 'x',
      extensions: { credProps: true, prf: { eval: { first: new TextEncoder().encode('latchkey/v1/prf') } } },
    })
  })

  test('is read in the same memory, so that zeros reach it', () => {
    const first = new Uint8Array(32).fill(7)
    const { output, enabled } = readPrf({ enabled: true, results: { first: first.buffer } })
    output?.fill(0)
    expect([enabled, first.every((byte) => byte === 0)]).toEqual([true, true])
  })

  test.each([
    undefined,
    null,
    'prf',
    {},
    { results: null },
    { results: { first: 'text' } },
    { results: { first: new Uint8Array(31) } },
  ])('is nothing where it is not 32 bytes: %j', (prf) => expect(readPrf(prf)).toEqual({ enabled: false, output: null }))
})

describe('codes', () => {
  const codes = Array.from({ length: 8 }, (_, n) => `${n}${n}${n}${n}-AAAA-BBBB-CCCC-DDDD-EEEE`)

  test('two different ones are asked back, and asked again until both are right', async () => {
    const asked: unknown[] = []
    const drawn = new Set<string>()
    for (let round = 0; round < 40; round++) {
      let tries = 0
      const outcome = await confirmCodes(
        {
          showCodes: () => true,
          typeBack: ({ positions, fault }) => {
            drawn.add(positions.join())
            expect(new Set(positions).size).toBe(2)
            expect(positions.every((position) => position >= 1 && position <= 8)).toBe(true)
            const right = positions.map((position) => codes[position - 1] ?? '')
            asked.push(fault ? positions.indexOf(fault.position) : null)
            tries += 1
            if (tries === 1) return []
            if (tries === 2) return [right[0] ?? '', 'no code at all']
            return right.map((code) => code.replaceAll('-', ' ').toLowerCase())
          },
        },
        codes,
      )
      expect([outcome, tries]).toEqual([null, 3])
    }
    expect(asked.slice(0, 3)).toEqual([null, 0, 1])
    expect(drawn.size).toBeGreaterThan(5)
  })
})

describe('the question to unlock', () => {
  test('is asked once for all that wait, again later, and what it throws reaches each', async () => {
    const answers: (() => boolean)[] = [
      () => true,
      () => {
        throw new Error('The page is gone.')
      },
      () => false,
    ]
    const asked: string[] = []
    const prompt = shareUnlockPrompt((reason) => {
      asked.push(reason)
      return answers.shift()?.() ?? false
    })
    expect(await Promise.all([prompt('LOCKED'), prompt('LOCKED')])).toEqual([true, true])
    const failed = await Promise.allSettled([prompt('LOCKED'), prompt('LOCKED')])
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(await prompt('MASTER_KEY_CHANGED')).toBe(false)
    expect(asked).toEqual(['LOCKED', 'LOCKED', 'MASTER_KEY_CHANGED'])
    expect(await shareUnlockPrompt(undefined)('LOCKED')).toBe(false)
  })
})
