import { AccountFrame } from './frame.tsx'

export function WaysIn() {
  return <AccountFrame title="WaysIn">{() => null}</AccountFrame>
}
