import { useEffect, useRef, useState } from 'preact/hooks'
import { explain } from '../words.ts'

/** Work that a person starts, and how it stands. */
export type Task<TInput> = {
  /** Does the work, unless it is being done or has to wait. Never throws. */
  run: (input: TInput) => Promise<void>
  isRunning: boolean
  /** The server asked to wait, and the time is not over. */
  isWaiting: boolean
  /** What went wrong, in words that say what to do. Empty when nothing did. */
  problem: string
  /** Says what went wrong; empty takes it back. */
  complain: (problem: string) => void
  /** Turns it off for some seconds. */
  holdBack: (seconds: number) => void
}

/** Work that a person starts: once at a time, with words for what fails, held back for as long as the server asks. */
export function useTask<TInput = void>(work: (input: TInput) => Promise<void>): Task<TInput> {
  const [isRunning, setRunning] = useState(false)
  const [problem, complain] = useState('')
  const [until, setUntil] = useState(0)
  const running = useRef(false)
  const isWaiting = until > 0

  useEffect(() => {
    if (until === 0) return
    // A clock that is looked at outlives a laptop's sleep; a long timeout does not.
    const timer = setInterval(() => {
      if (Date.now() < until) return
      setUntil(0)
      complain('')
    }, 500)
    return () => clearInterval(timer)
  }, [until])

  const holdBack = (seconds: number): void => setUntil(Date.now() + seconds * 1000)

  async function run(input: TInput): Promise<void> {
    if (running.current || isWaiting) return
    running.current = true
    complain('')
    setRunning(true)
    try {
      await work(input)
    } catch (error) {
      const { text, waitSeconds } = explain(error)
      complain(text)
      if (waitSeconds !== undefined) holdBack(waitSeconds)
    } finally {
      running.current = false
      setRunning(false)
    }
  }
  return { run, isRunning, isWaiting, problem, complain, holdBack }
}
