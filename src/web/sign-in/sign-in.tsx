import { Heading, Plate } from '../ui/plate.tsx'

export function SignIn() {
  return (
    <Plate>
      <Heading>SignIn</Heading>
    </Plate>
  )
}
