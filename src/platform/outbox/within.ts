/** The outcome of the work, or a rejection when it takes longer. The work itself is not stopped. */
export async function within<Result>(ms: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`It took longer than ${ms} ms.`)), ms)
  })
  return Promise.race([work, tooLate]).finally(() => clearTimeout(timer))
}
