import { Heading, Plate } from '../ui/plate.tsx'

export function Verify() {
  return (
    <Plate>
      <Heading>Verify</Heading>
    </Plate>
  )
}
