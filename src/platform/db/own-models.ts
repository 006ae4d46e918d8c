import { datamodel } from '../../generated/datamodel.ts'
import { readModels, type Models } from './models.ts'

/** The models of prisma/schema.prisma, read once. */
export const ownModels = (): Models => (read ??= readModels(datamodel))

let read: Models | undefined
