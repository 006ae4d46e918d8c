import type { ComponentChildren } from 'preact'
import { useErrorBoundary } from 'preact/hooks'
import { Heading, Plate } from './plate.tsx'

/** Its children, or words in their place where one of them fails. The fault is told to the console, as if nobody caught it. */
export function Guarded({ children }: { children: ComponentChildren }) {
  const [error] = useErrorBoundary((fault: unknown) => reportError(fault))
  if (!error) return <>{children}</>
  return (
    <Plate>
      <Heading>Something went wrong here</Heading>
      <p class="lead">
        It is a fault of this page, and nothing that you saved is lost. Load it again; if it stays so, tell whoever runs
        this server.
      </p>
      <button type="button" onClick={() => location.reload()}>
        Load it again
      </button>
    </Plate>
  )
}
