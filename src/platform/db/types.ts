import type { Prisma, PrismaClient } from '../../generated/sqlite/client.ts'

/** The client that reaches every row. Whoever says its name acts as the server. */
export type SystemDb = PrismaClient
export type SystemTx = Prisma.TransactionClient

type Models = Prisma.TypeMap['model']

/** The names of the models that have a `userId`. */
export type OwnedModelName = {
  [Model in Prisma.ModelName]: 'userId' extends keyof Models[Model]['payload']['scalars'] ? Model : never
}[Prisma.ModelName]

/** The client of one user: owned models alone, each query bound to the user. Everything else throws. */
export type ScopedDb = Pick<PrismaClient, Uncapitalize<OwnedModelName>> & {
  /** Runs the steps in one transaction; they see and change the user's rows only. */
  $transaction<Result>(steps: (tx: ScopedTx) => Promise<Result>): Promise<Result>
}
export type ScopedTx = Pick<PrismaClient, Uncapitalize<OwnedModelName>>

/** One access to owned rows, as the scoped client saw it. */
export type Access = {
  model: OwnedModelName
  /** The table's name in the database: 'records'. */
  table: string
  kind: 'read' | 'created' | 'updated' | 'deleted'
  /** Ids of the rows that were reached, where the operation tells them. */
  ids: readonly string[]
  /** How many rows were reached. */
  count: number
  /** How many rows were asked for by their key and are not there, or not the user's. */
  missing?: number
}

/** Where the scoped client reports each access. */
export type AccessLog = {
  /** A read. Kept until the request's answer is ready, and committed before it is sent. */
  read(access: Access): void
  /** A write. The row it gives is inserted by the scoped client in the transaction of the write itself; null: none is kept. */
  wrote(access: Access): Prisma.AuditEntryCreateManyInput | null
}
