import { AccountFrame } from './frame.tsx'

export function Overview() {
  return <AccountFrame title="Overview">{() => null}</AccountFrame>
}
