import { AsyncLocalStorage } from 'node:async_hooks'
import pg from 'pg'
import type { Model, Models } from './models.ts'

/** The role that users' queries run as. It cannot sign in, passes no row security, and is granted the owned tables alone. */
export const SCOPED_ROLE = 'latchkey_scoped'

/** The user for whom the running query is made. The scoped client sets it around each one. */
export const userInForce = new AsyncLocalStorage<{ readonly userId: string }>()

/** Runs one statement. Several are one transaction only if the caller has begun one. */
export type Query = (text: string, values?: unknown[]) => Promise<{ rows: unknown[] }>

type Connected = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  done: (release?: Error | boolean) => void,
) => void

/**
 * A pool whose every connection works for the user in force, and sees that user's rows alone; with no user in force, none.
 * The setting lasts as long as the connection: a pooler that shares connections between transactions must not stand between.
 */
export class ScopedPool extends pg.Pool {
  /** For whom each connection works. One that is not in here has not taken its role yet. */
  readonly #users = new WeakMap<pg.PoolClient, string>()

  override connect(): Promise<pg.PoolClient>
  override connect(connected: Connected): void
  override connect(connected?: Connected): Promise<pg.PoolClient> | undefined {
    // Read here: when a connection gets free, the code that runs is in the context of whoever had it before.
    const userId = userInForce.getStore()?.userId ?? ''
    if (connected) return void this.#connectFor(userId, connected)
    return new Promise((resolve, reject) => {
      this.#connectFor(userId, (error, client) =>
        client ? resolve(client) : reject(error ?? new Error('No connection.')),
      )
    })
  }

  #connectFor(userId: string, connected: Connected): void {
    super.connect((error, client, done) => {
      if (error || !client) return connected(error, client, done)
      const status = client.getTransactionStatus()
      if (status === 'T' || status === 'E') {
        // Somebody's transaction is still open on it. Nobody else's query may run inside.
        done(true)
        return this.#connectFor(userId, connected)
      }
      if (this.#users.get(client) === userId) return connected(undefined, client, done)
      // The pool listens to idle connections, and Prisma to those that it holds; while this one changes its user nobody
      // else would, and a connection that breaks with no listener ends the process. The query under way fails by itself.
      client.on('error', ignore)
      this.#workFor(client, userId).then(
        () => {
          client.off('error', ignore)
          connected(undefined, client, done)
        },
        (fault: unknown) => {
          const reason = fault instanceof Error ? fault : new Error('The connection could not be given to its user.')
          done(reason)
          connected(reason, undefined, () => {})
        },
      )
    })
  }

  async #workFor(client: pg.PoolClient, userId: string): Promise<void> {
    if (!USER_ID.test(userId)) throw new Error('A user id has letters, digits, - and _ alone.')
    const takeRole = this.#users.has(client) ? '' : `SET ROLE ${SCOPED_ROLE}; `
    this.#users.delete(client)
    // As text: half the cost of a prepared set_config, on every change of users. The pattern leaves nothing to escape.
    await client.query(`${takeRole}SET app.user_id = '${userId}'`)
    this.#users.set(client, userId)
  }
}

function ignore(): void {}

const USER_ID = /^[\w-]{0,200}$/

/** Makes what is missing of the role, its grants and the policies. Does nothing where all is there. */
export async function applyRowSecurity(query: Query, models: Models): Promise<void> {
  if ((await findFaults(query, models)).length === 0) return
  await makeRole(query)
  await query(`DO $$ BEGIN EXECUTE format('GRANT USAGE ON SCHEMA %I TO ${SCOPED_ROLE}', current_schema()); END $$`)
  for (const model of models.values())
    await query(model.owned ? guard(model) : `REVOKE ALL ON "${model.table}" FROM ${SCOPED_ROLE}`)
  await checkRowSecurity(query, models)
}

/** Throws, and names each fault, if any owned table is not guarded as it must be. */
export async function checkRowSecurity(query: Query, models: Models): Promise<void> {
  const faults = await findFaults(query, models)
  if (faults.length > 0) throw new Error(`Row security is not whole: ${faults.join('; ')}.`)
}

// The role is the whole cluster's, so that servers of several databases may be making it at once: the last to come finds it.
const MAKE_ROLE = `
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${SCOPED_ROLE}') THEN
    CREATE ROLE ${SCOPED_ROLE} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$`

// Asked by trying: since PostgreSQL 16 a member may or may not be allowed to take the role.
const JOIN_ROLE = `
DO $$
BEGIN
  EXECUTE 'SET LOCAL ROLE ${SCOPED_ROLE}';
  EXECUTE 'RESET ROLE';
EXCEPTION WHEN insufficient_privilege THEN
  EXECUTE 'GRANT ${SCOPED_ROLE} TO CURRENT_USER';
END $$`

async function makeRole(query: Query): Promise<void> {
  try {
    await query(MAKE_ROLE)
    await query(JOIN_ROLE)
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== '42501') throw error
    throw new Error(
      "The database login may not make the role that users' queries run as. Let an administrator run: " +
        `CREATE ROLE ${SCOPED_ROLE} NOLOGIN; GRANT ${SCOPED_ROLE} TO "the login of DATABASE_URL";`,
      { cause: error },
    )
  }
}

/** A user sees and writes rows with the own userId alone. Without a user the setting is empty or missing: no row. */
const POLICY = 'latchkey_owner'
const OWNS = (userId: string) => `(${userId} = NULLIF(current_setting('app.user_id'::text, true), ''::text))`

function guard(model: Model): string {
  const table = `"${model.table}"`
  const owns = OWNS(`"${userColumn(model)}"`)
  return `
    ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
    DROP POLICY IF EXISTS ${POLICY} ON ${table};
    CREATE POLICY ${POLICY} ON ${table} TO ${SCOPED_ROLE} USING ${owns} WITH CHECK ${owns};
    REVOKE ALL ON ${table} FROM ${SCOPED_ROLE};
    GRANT ${privileges(model).join(', ')} ON ${table} TO ${SCOPED_ROLE};`
}

/** TRUNCATE, which no policy holds back, is among those that are never granted. */
function privileges({ owned, appendOnly }: Model): readonly string[] {
  if (!owned) return []
  return appendOnly ? ['SELECT', 'INSERT'] : ['SELECT', 'INSERT', 'UPDATE', 'DELETE']
}

function userColumn({ columns }: Model): string {
  return columns.get('userId') ?? 'user_id'
}

type RoleState = { unsafe: boolean; member: boolean; inherits: boolean; schema: boolean }
type TableState = { table: string; guarded: boolean; policies: Policy[] | null; granted: string[]; columns: boolean }
type Policy = { name: string; command: string; permissive: boolean; roles: string; using: string; check: string }

const ROLE_STATE = `
SELECT rolsuper OR rolbypassrls OR rolcanlogin AS unsafe, pg_has_role(current_user, r.oid, 'MEMBER') AS member,
  EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid) AS inherits,
  has_schema_privilege(r.oid, current_schema(), 'USAGE') AS schema
FROM pg_roles r WHERE rolname = '${SCOPED_ROLE}'`

const TABLE_STATE = `
SELECT c.relname AS table, c.relrowsecurity AS guarded,
  (SELECT json_agg(json_build_object('name', polname, 'command', polcmd, 'permissive', polpermissive, 'roles', polroles::regrole[]::text,
      'using', pg_get_expr(polqual, polrelid), 'check', pg_get_expr(polwithcheck, polrelid)))
    FROM pg_policy WHERE polrelid = c.oid) AS policies,
  ARRAY(SELECT p FROM unnest(ARRAY['SELECT','INSERT','UPDATE','DELETE','TRUNCATE','REFERENCES','TRIGGER']) p
    WHERE has_table_privilege('${SCOPED_ROLE}', c.oid, p)) AS granted,
  EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL AND NOT a.attisdropped) AS columns
FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY($1)`

async function findFaults(query: Query, models: Models): Promise<string[]> {
  // What the two statements select.
  const [role] = (await query(ROLE_STATE)).rows as RoleState[]
  if (!role) return [`the role ${SCOPED_ROLE} is missing`]
  const tables = (await query(TABLE_STATE, [[...models.values()].map(({ table }) => table)])).rows as TableState[]
  const states = new Map(tables.map((state) => [state.table, state]))
  return [...roleFaults(role), ...[...models.values()].flatMap((model) => tableFaults(model, states.get(model.table)))]
}

function roleFaults({ unsafe, member, inherits, schema }: RoleState): string[] {
  const faults: string[] = []
  if (unsafe) faults.push(`the role ${SCOPED_ROLE} may sign in or pass row security`)
  if (inherits) faults.push(`the role ${SCOPED_ROLE} is a member of another role`)
  if (!member) faults.push(`the login is not a member of ${SCOPED_ROLE}`)
  if (!schema) faults.push(`the role ${SCOPED_ROLE} may not use the schema`)
  return faults
}

function tableFaults(model: Model, state: TableState | undefined): string[] {
  const { table } = model
  if (!state) return [`the table ${table} is missing`]
  const faults: string[] = []
  const wanted = privileges(model)
  if (state.granted.length !== wanted.length || wanted.some((privilege) => !state.granted.includes(privilege))) {
    faults.push(`${SCOPED_ROLE} has [${state.granted.join(', ')}] on ${table} and should have [${wanted.join(', ')}]`)
  }
  if (state.columns) faults.push(`single columns of ${table} are granted`)
  if (!model.owned) return faults
  if (!state.guarded) faults.push(`row security is off on ${table}`)
  const [policy, ...others] = state.policies ?? []
  if (!policy || !isOurs(policy, model)) faults.push(`the policy of ${table} is not the one that guards it`)
  if (others.length > 0) faults.push(`${table} has more than one policy, and the widest would hold`)
  return faults
}

function isOurs({ name, command, permissive, roles, using, check }: Policy, model: Model): boolean {
  const owns = OWNS(userColumn(model))
  const isForAll = command === '*' && permissive && roles === `{${SCOPED_ROLE}}`
  return name === POLICY && isForAll && [using, check].every((condition) => condition.replaceAll('"', '') === owns)
}
