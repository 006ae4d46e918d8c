import { Heading, Plate } from '../ui/plate.tsx'

export function NotMe() {
  return (
    <Plate>
      <Heading>NotMe</Heading>
    </Plate>
  )
}
