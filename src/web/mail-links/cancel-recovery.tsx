import { Heading, Plate } from '../ui/plate.tsx'

export function CancelRecovery() {
  return (
    <Plate>
      <Heading>CancelRecovery</Heading>
    </Plate>
  )
}
