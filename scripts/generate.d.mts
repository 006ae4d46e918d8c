/** Brings src/generated up to date, and tells whether there was anything to do. */
export function generate(): Promise<boolean>
