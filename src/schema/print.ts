import { writeFileSync } from 'node:fs'
import { printSchema } from './index.ts'

// `npm run codegen` starts here: schema.graphql is what frontends and the SDK are made from.
writeFileSync('schema.graphql', printSchema())
