import { setFlagsFromString } from 'node:v8'
import { createApp } from './app.ts'
import type { App } from './app.ts'
import type { Config } from './config.ts'
import { loadEnvFile } from './load-env-file.ts'
import { whyNotStarted } from './start-faults.ts'

// The process: environment in, server out, clean stop.

// How far the heap may grow over what is alive before it is cleaned again. V8's own measure trades memory for speed
// freely: it ended at 380 MB where this ends at 280, for two to three percent of the requests.
setFlagsFromString('--heap-growing-percent=60')

loadEnvFile()
try {
  const app = await createApp(process.env)
  const port = await listen(app)
  const { config, log } = app.services
  log.info('server.listening', { url: config.publicUrl.href, host: config.host, port })
  if (config.mode === 'development') console.log(greeting(config))
  // More than once: a terminal and a program around this one may both tell it to stop.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop(app, signal))
} catch (error) {
  console.error(whyNotStarted(error))
  process.exit(1)
}

async function listen(app: App): Promise<number> {
  try {
    return await app.listen()
  } catch (error) {
    await app.close()
    throw error
  }
}

function greeting({ publicUrl, pages, pagesUrl, mail, introspection }: Config): string {
  const places = [
    pages ? ['Sign in', '/sign-in'] : ['Pages', pagesUrl.href],
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
