import { AccountFrame } from './frame.tsx'

export function Sessions() {
  return <AccountFrame title="Sessions">{() => null}</AccountFrame>
}
