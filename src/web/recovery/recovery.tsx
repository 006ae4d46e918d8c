import { AccountFrame } from '../account/frame.tsx'

export function Recovery() {
  return <AccountFrame title="Recovery">{() => null}</AccountFrame>
}
