import { existsSync } from 'node:fs'
import { createApp } from './app.ts'
import type { App } from './app.ts'
import { ConfigError } from './config.ts'
import type { Config } from './config.ts'

// The process: environment in, server out, clean stop.
if (existsSync('.env')) process.loadEnvFile()
try {
  const app = await createApp(process.env)
  const port = await app.listen()
  const { config, log } = app.services
  log.info('server.listening', { url: config.publicUrl.href, host: config.host, port })
  if (config.mode === 'development') console.log(greeting(config))
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop(app, signal))
} catch (error) {
  console.error(error instanceof ConfigError ? error.message : error)
  process.exit(1)
}

function greeting({ publicUrl, mail, introspection }: Config): string {
  const places = [
    ['Sign in', '/sign-in'],
    ...(introspection ? [['GraphiQL', '/graphql']] : []),
    ...(mail.provider.kind === 'mailbox' ? [['Mailbox', '/dev/mailbox']] : []),
  ]
  const lines = places.map(([name = '', path]) => `  ${name.padEnd(10)}${new URL(path ?? '/', publicUrl).href}`)
  return `\n  Latchkey is listening on ${publicUrl.origin}\n\n${lines.join('\n')}\n`
}

function stop(app: App, signal: NodeJS.Signals): void {
  const { log } = app.services
  log.info('server.stopping', { signal })
  app.close().then(
    () => process.exit(0),
    (error: unknown) => {
      log.error('server.stop-failed', { error })
      process.exit(1)
    },
  )
}
