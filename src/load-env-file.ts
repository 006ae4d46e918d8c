import { existsSync } from 'node:fs'

/** Takes settings from the .env beside the process, where there is one; what is set already stays. */
export function loadEnvFile(): void {
  if (existsSync('.env')) process.loadEnvFile()
}
