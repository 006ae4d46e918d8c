/** Brings dist up to date, and tells whether there was anything to do. Processes that call it at once do no harm. */
export function build(): Promise<boolean>
