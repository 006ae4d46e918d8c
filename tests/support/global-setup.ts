import { build } from '../../scripts/build.mjs'

/** The tests run on the sources, but need what is made from them: the Prisma clients and the pages. */
export default async function setup(): Promise<void> {
  await build()
}
