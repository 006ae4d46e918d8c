import { getDatamodel } from '../../generated/pothos.ts'
import { readModels } from './models.ts'

/** The models of prisma/schema.prisma, read once. */
export const ownModels = (): ReturnType<typeof readModels> => (read ??= readModels(getDatamodel()))

let read: ReturnType<typeof readModels> | undefined
