/**
 * The columns that Pothos read from a query, for Prisma's `select`. `always` are those that a type names itself; they
 * stand alone when the query asks for nothing of the type.
 */
export function selectIn<Select extends object>(query: { select?: unknown }, always: Select): { select: Select } {
  // Pothos makes the selection from the model's own columns, and types it more widely than Prisma does.
  return { select: { ...always, ...(query.select as Select | undefined) } }
}
