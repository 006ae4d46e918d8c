import { AccountFrame } from '../account/frame.tsx'

export function Notes() {
  return <AccountFrame title="Notes">{() => null}</AccountFrame>
}
