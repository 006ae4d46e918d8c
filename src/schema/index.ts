import { printSchemaWithDirectives } from '@graphql-tools/utils'
import {
  DirectiveLocation,
  GraphQLDirective,
  GraphQLInt,
  GraphQLNonNull,
  GraphQLSchema,
  GraphQLString,
  isInputType,
} from 'graphql'
import '../features/index.ts'
import { builder } from './builder.ts'
import { withLevels } from './guarded.ts'
import { withRateLimits } from './rate-limit.ts'
import './scalars.ts'

/** The schema that the server runs: every limit that a field prints is in force around its resolver. */
export function buildSchema(): GraphQLSchema {
  const schema = builder.toSchema()
  const directives = [...schema.getDirectives(), authDirective(schema), rateLimitDirective]
  return withRateLimits(withLevels(new GraphQLSchema({ ...schema.toConfig(), directives })))
}

/** The schema's text as it is committed in schema.graphql, with `@auth` and `@rateLimit` on the fields that carry them. */
export function printSchema(): string {
  return `${printSchemaWithDirectives(buildSchema())}\n`
}

function authDirective(schema: GraphQLSchema): GraphQLDirective {
  const level = schema.getType('AuthLevel')
  if (!level || !isInputType(level)) throw new Error('The schema has no AuthLevel; @auth cannot be printed without it.')
  return new GraphQLDirective({
    name: 'auth',
    description: 'What a caller must have proved for a field.',
    locations: [DirectiveLocation.FIELD_DEFINITION],
    args: {
      level: { type: new GraphQLNonNull(level), description: 'The lowest level that will do.' },
      permission: { type: GraphQLString, description: 'A permission that the caller must hold besides.' },
      scope: { type: GraphQLString, description: 'A scope that a token must hold besides.' },
    },
  })
}

const rateLimitDirective = new GraphQLDirective({
  name: 'rateLimit',
  description:
    'How many calls pass in a window, unless the server is set otherwise: the tightest limit of the field. Fields that work on data share one count for a user, those on the account one for a session; links are counted by mail address, tries by network.',
  locations: [DirectiveLocation.FIELD_DEFINITION],
  args: {
    max: { type: new GraphQLNonNull(GraphQLInt), description: 'Calls.' },
    window: { type: new GraphQLNonNull(GraphQLString), description: "How long they are counted: '1h', '10m'." },
  },
})
