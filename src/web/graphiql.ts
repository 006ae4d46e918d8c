// GraphiQL, from this server's own files: no other network is asked, and no inline script is needed.

/** The folder of GraphiQL's files, filled in by the build. */
declare const GRAPHIQL_FOLDER: string

type GraphiQLOptions = {
  title: string
  /** Markup. */
  logo: string
  endpoint: string
  credentials: RequestCredentials
  defaultQuery: string
  shouldPersistHeaders: boolean
  onEditQuery: () => void
}

declare global {
  // What graphiql.js adds to the page, and what its editor asks the page for.
  var YogaGraphiQL: { renderYogaGraphiQL: (root: Element, options: GraphiQLOptions) => void }
  var MonacoEnvironment: { globalAPI: boolean; getWorkerUrl: (moduleId: string, label: string) => string }
}

const FIRST_QUERY = `# You ask as whoever is signed in to this browser.
# To sign in, open /sign-in in another tab.
#
# Ctrl-Space completes a name, Ctrl-Enter runs what the
# cursor is in. The book on the left describes every field.

query WhoAmI {
  me {
    id
    email
  }
  session {
    deviceName
    level
    expiresAt
  }
}

# Keeps a private record. Nobody else can reach it.
mutation KeepANote {
  createRecord(
    input: {
      collection: "notes"
      title: "My first note"
      data: { text: "Hello" }
    }
  ) {
    id
    revision
  }
}

# Reads the newest ones.
query MyNotes {
  records(collection: "notes", first: 10) {
    totalCount
    edges {
      node {
        id
        title
        data
      }
    }
  }
}
`

const WORKERS: Readonly<Record<string, string>> = { json: 'json.worker.js', graphql: 'graphql.worker.js' }

globalThis.MonacoEnvironment = {
  globalAPI: false,
  getWorkerUrl: (_moduleId, label) => `${GRAPHIQL_FOLDER}/${WORKERS[label] ?? 'editor.worker.js'}`,
}

const root = document.querySelector('#root')
if (!root) throw new Error('The page has no #root.')
globalThis.YogaGraphiQL.renderYogaGraphiQL(root, {
  title: 'Latchkey',
  logo: '<img src="/favicon.svg" alt="" width="30" height="30">',
  endpoint: '/graphql',
  credentials: 'same-origin',
  defaultQuery: FIRST_QUERY,
  shouldPersistHeaders: false,
  onEditQuery: () => undefined, // else what is typed goes to the address bar, and so to the history
})

export {}
