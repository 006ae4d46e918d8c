import { generate } from '../../scripts/generate.mjs'

/** The tests run on the sources; only the Prisma clients must be made first. */
export default async function setup(): Promise<void> {
  await generate()
}
