import type { CodegenConfig } from '@graphql-codegen/cli'

/** Writes the SDK's types and documents from schema.graphql. What it makes is committed, and checked to be up to date. */
const config: CodegenConfig = {
  schema: 'schema.graphql',
  documents: 'src/client/operations/*.graphql',
  generates: {
    'src/client/generated/graphql.ts': {
      plugins: ['typescript-operations', 'typed-document-node'],
      config: {
        useTypeImports: true,
        strictScalars: true,
        scalars: { ID: 'string', DateTime: 'string', JSON: 'unknown' },
        skipTypename: true,
        arrayInputCoercion: false,
        // A document is its text, tagged by our own function: a parser, and `graphql`, stay out of the browser.
        documentMode: 'graphQLTag',
        gqlImport: '../document.ts#gql',
        documentNodeImport: '../document.ts#OperationText',
      },
    },
  },
}

export default config
