/** Shows an app its own fault where uncaught ones are shown, where something else must go on. */
export function reportFault(error: unknown): void {
  const report: unknown = Reflect.get(globalThis, 'reportError') // browsers have it, and Node has not
  if (typeof report === 'function') report.call(globalThis, error)
}
