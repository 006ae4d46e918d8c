import { AccountFrame } from '../account/frame.tsx'

export function Encryption() {
  return <AccountFrame title="Encryption">{() => null}</AccountFrame>
}
