import { AccountFrame } from './frame.tsx'

export function Activity() {
  return <AccountFrame title="Activity">{() => null}</AccountFrame>
}
