import { beforeEach, expect, test } from 'vitest'
import type { User } from '../../src/client/index.ts'
import { prompt } from '../../src/web/ui/prompt.ts'
import { viewer } from '../../src/web/viewer.ts'

const signIn = (id: string): void => {
  viewer.value = { kind: 'SIGNED_IN', user: { id } as User } // nothing else of a person is looked at here
}
const shown = async (questions: ReturnType<typeof prompt<string, boolean>>) => {
  await Promise.resolve()
  await Promise.resolve()
  return questions.current.value
}

beforeEach(() => signIn('ada'))

test('a question waits for the one before it', async () => {
  const questions = prompt<string, boolean>(false)
  const [first, second] = [questions.ask('first'), questions.ask('second')]
  expect(await shown(questions)).toMatchObject({ needed: 'first' })
  questions.current.value?.answer(true)
  expect(await first).toBe(true)
  expect(await shown(questions)).toMatchObject({ needed: 'second' })
  questions.current.value?.answer(false)
  expect(await second).toBe(false)
  expect(questions.current.value).toBeNull()
})

test('an answer that comes once its question was put off leaves the next question open', async () => {
  const questions = prompt<string, boolean>(false)
  const first = questions.ask('first')
  const asked = await shown(questions)
  asked?.answer(false)
  const second = questions.ask('second')
  expect(await shown(questions)).toMatchObject({ needed: 'second' })
  asked?.answer(true)
  expect(questions.current.value).toMatchObject({ needed: 'second' })
  questions.current.value?.answer(true)
  expect([await first, await second]).toEqual([false, true])
})

test('what a person was asked is put off once another is signed in, or nobody, and so is what waited behind it', async () => {
  const questions = prompt<string, boolean>(false)
  const asked = [questions.ask('first'), questions.ask('second')]
  await shown(questions)
  signIn('bob')
  expect(await Promise.all(asked)).toEqual([false, false])
  expect(questions.current.value).toBeNull()

  const another = questions.ask('third')
  expect(await shown(questions)).toMatchObject({ needed: 'third' })
  viewer.value = { kind: 'SIGNED_OUT', why: 'ENDED' }
  expect(await another).toBe(false)
})
