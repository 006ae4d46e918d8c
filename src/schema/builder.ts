import SchemaBuilder from '@pothos/core'
import DirectivesPlugin from '@pothos/plugin-directives'
import PrismaPlugin from '@pothos/plugin-prisma'
import RelayPlugin from '@pothos/plugin-relay'
import ScopeAuthPlugin from '@pothos/plugin-scope-auth'
import { AppError } from '../errors.ts'
import type { Context } from '../context.ts'
import type { PrismaClient } from '../generated/sqlite/client.ts'
import { getDatamodel } from '../generated/pothos.ts'
import type PrismaTypes from '../generated/pothos.ts'
import type { AuthLevel } from '../viewer.ts'
import './from-row.ts'
import { guarded } from './guarded.ts'
import type { JsonValue } from './json-value.ts'
import { decodeNodeId, encodeNodeId } from './node-id.ts'
import { requireLevel } from './require-level.ts'

const MAX_NODES = 100

/**
 * The one schema builder: plugins, scalars, scopes. Types and fields are added by the features.
 */
export const builder = new SchemaBuilder<{
  Context: Context
  PrismaTypes: PrismaTypes
  DefaultFieldNullability: false
  AuthScopes: { level: AuthLevel }
  Scalars: {
    DateTime: { Input: Date; Output: Date }
    JSON: { Input: unknown; Output: JsonValue }
    ID: { Input: string; Output: string }
  }
  Directives: {
    auth: { locations: 'FIELD_DEFINITION'; args: { level: AuthLevel } }
    rateLimit: { locations: 'FIELD_DEFINITION'; args: { max: number; window: string } }
  }
}>({
  plugins: [ScopeAuthPlugin, DirectivesPlugin, RelayPlugin, 'fromRow', PrismaPlugin],
  defaultFieldNullability: false,
  directives: { useGraphQLToolsUnorderedDirectives: true },
  scopeAuth: {
    authScopes: (context) => ({ level: (level) => requireLevel(context, level) }),
    treatErrorsAsUnauthorized: false,
    // A stream is refused where it begins. What it gives later is guarded by its own look at the session.
    authorizeOnSubscribe: true,
  },
  prisma: {
    // Pothos loads through the viewer's own client. It is typed as the whole client; the scoped one refuses the rest.
    client: (context) => context.db as unknown as PrismaClient,
    dmmf: getDatamodel(),
    exposeDescriptions: false,
    onUnusedQuery: null,
  },
  relay: {
    encodeGlobalID: (typename, id) => encodeNodeId(typename, String(id)),
    decodeGlobalID: (id) => decodeNodeId(id),
    cursorType: 'String',
    clientMutationId: 'omit',
    nodeTypeOptions: { description: 'A thing with an id of its own, which `node` finds again.' },
    idFieldOptions: {
      description: '`<type prefix>_<uuid>`: readable, and unique over all types.',
    },
    nodeQueryOptions: {
      ...guarded('Query.node', { limit: 'data' }),
      description: "Anything of the viewer's own by its id; null when there is no such thing, or it is another's.",
      args: { id: { description: 'The id of a record, a session, a log entry, or of the viewer.' } },
    },
    nodesQueryOptions: {
      ...guarded('Query.nodes', {
        limit: 'data',
        cost: (args) => (Array.isArray(args['ids']) ? args['ids'].length : 1),
      }),
      description: `Up to ${MAX_NODES} things by their ids, in the order asked for, with null for what is not there.`,
      args: { ids: { description: `At most ${MAX_NODES} ids.` } },
      resolve: (_root, args, _context, _info, resolveNodes) => {
        if (args.ids.length > MAX_NODES) {
          throw new AppError('TOO_LARGE', `ids: at most ${MAX_NODES} at once.`, { field: 'ids', limit: MAX_NODES })
        }
        return resolveNodes(args.ids)
      },
    },
    edgesFieldOptions: { description: 'The entries of the page, each with its cursor.' },
    pageInfoFieldOptions: { description: 'Where the page stands in the whole list.' },
    cursorFieldOptions: { description: 'Names this place in the list, for `after` and `before`. Opaque.' },
    nodeFieldOptions: { description: 'The entry itself.' },
    pageInfoTypeOptions: {
      description: 'Where a page stands in its list, as the Relay connection specification says.',
    },
    hasNextPageFieldOptions: { description: 'Whether more follow after this page.' },
    hasPreviousPageFieldOptions: { description: 'Whether some stand before this page.' },
    startCursorFieldOptions: { description: 'The cursor of the first edge; give it as `before` for the page before.' },
    endCursorFieldOptions: { description: 'The cursor of the last edge; give it as `after` for the next page.' },
  },
})

builder.queryType({ description: 'What can be read.' })
builder.subscriptionType({ description: 'What is told as it happens, over server-sent events.' })
builder.mutationType({ description: 'What can be changed. Fields of one operation run one after the other.' })
