import { readFileSync } from 'node:fs'

const root = new URL('../../', import.meta.url)

export const GUIDE = readFileSync(new URL('docs/behind-your-own-frontend.md', root), 'utf8')

/** The policy that the guide gives, as a header has it. */
export function guidePolicy(): string {
  const [, policy = ''] = /```http\nContent-Security-Policy: (.*?)\n```/s.exec(GUIDE) ?? []
  return policy.replaceAll(/\s+/g, ' ').trim()
}
