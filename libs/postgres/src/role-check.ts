import type { AccessPlan, TableAccess } from './access-plan.js';
import type { Queries } from './queries.js';

/** What a role can do that the app which uses it need not, in words for the operator, e.g. `may DELETE log_leaf`. */
export type RoleProblem = string;

interface RoleRow {
  readonly superuser: boolean;
  readonly bypass_rls: boolean;
  readonly create_role: boolean;
  readonly replication: boolean;
  readonly server_files: boolean;
  readonly replication_role: boolean;
  readonly create_in_schema: boolean;
  readonly create_in_database: boolean;
  readonly owns_schema: boolean;
  readonly owns_database: boolean;
}

interface TableRow {
  readonly name: string;
  readonly owned: boolean;
  readonly rights: readonly string[];
  readonly updatable: readonly string[];
}

interface TriggerRow {
  readonly name: string;
  readonly parent: string;
  readonly triggers: readonly string[];
}

/** Every role that this one is or may become: what any of them can do, it can do. */
const REACH = `
  WITH reach AS (
    SELECT oid, rolname, rolsuper, rolbypassrls, rolcreaterole, rolreplication
      FROM pg_roles WHERE pg_has_role(current_user, oid, 'MEMBER')
  )`;

const ROLE = `${REACH}
  SELECT bool_or(rolsuper) AS superuser, bool_or(rolbypassrls) AS bypass_rls, bool_or(rolcreaterole) AS create_role,
         bool_or(rolreplication) AS replication,
         bool_or(rolname IN ('pg_write_server_files', 'pg_execute_server_program')) AS server_files,
         bool_or(has_parameter_privilege(oid, 'session_replication_role', 'SET')) AS replication_role,
         bool_or(has_schema_privilege(oid, $1, 'CREATE')) AS create_in_schema,
         bool_or(has_database_privilege(oid, current_database(), 'CREATE')) AS create_in_database,
         bool_or(oid = (SELECT nspowner FROM pg_namespace WHERE nspname = $1)) AS owns_schema,
         bool_or(oid = (SELECT datdba FROM pg_database WHERE datname = current_database())) AS owns_database
    FROM reach`;

const TABLES = `${REACH}
  SELECT c.relname AS name,
         EXISTS (SELECT FROM reach WHERE reach.oid = c.relowner) AS owned,
         ARRAY(SELECT wanted FROM unnest(ARRAY['INSERT', 'DELETE', 'TRUNCATE', 'TRIGGER', 'REFERENCES']) AS wanted
                WHERE EXISTS (SELECT FROM reach WHERE has_table_privilege(reach.oid, c.oid, wanted)
                   OR (wanted IN ('INSERT', 'REFERENCES') AND has_any_column_privilege(reach.oid, c.oid, wanted)))
         ) AS rights,
         ARRAY(SELECT a.attname::text FROM pg_attribute a
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                  AND EXISTS (SELECT FROM reach WHERE has_column_privilege(reach.oid, c.oid, a.attnum, 'UPDATE'))
         ) AS updatable
    FROM pg_class c
   WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p') ORDER BY c.relname`;

/** `O` fires for everybody but a replica, `A` for everybody; the others are as good as none. */
const TRIGGERS = `
  SELECT c.relname AS name, coalesce(p.relname, c.relname) AS parent,
         ARRAY(SELECT t.tgname::text FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgenabled IN ('O', 'A')) AS triggers
    FROM pg_class c
    LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
    LEFT JOIN pg_class p ON p.oid = i.inhparent
   WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p') ORDER BY c.relname`;

/**
 * Compares what the connected role can do with what the app needs. The plan is the whole of it: a right that it does not
 * name is a problem, by whatever way the role has it (its own, through a group, as owner, by an attribute).
 */
export async function roleProblems(queries: Queries, schema: string, plan: AccessPlan): Promise<RoleProblem[]> {
  const [role] = await queries.query<RoleRow>(ROLE, [schema]);
  const triggers = await queries.query<TriggerRow>(TRIGGERS, [schema]);
  const missing = triggers.flatMap((row) => missingTriggers(row, plan[row.parent]));
  // Everything else follows from it, and says no more.
  if (role?.superuser !== false) return ['is a superuser', ...missing];
  const tables = await queries.query<TableRow>(TABLES, [schema]);
  return [...attributes(role), ...tables.flatMap((row) => tableProblems(row, plan[row.name])), ...missing];
}

function attributes(role: RoleRow): RoleProblem[] {
  const held: readonly (readonly [boolean, RoleProblem])[] = [
    [role.bypass_rls, 'bypasses row security'],
    [role.create_role, 'may create roles'],
    [role.replication, 'may replicate the whole cluster'],
    [role.server_files, 'may write files or run programs on the server'],
    [role.replication_role, 'may set session_replication_role, which lifts triggers'],
    [role.create_in_schema, 'may CREATE in the schema'],
    [role.create_in_database, 'may CREATE schemas in the database'],
    [role.owns_schema, 'owns the schema'],
    [role.owns_database, 'owns the database'],
  ];
  return held.flatMap(([holds, problem]) => (holds ? [problem] : []));
}

function tableProblems(row: TableRow, access: TableAccess = {}): RoleProblem[] {
  // The owner's rights are whatever it gives itself.
  if (row.owned) return [`owns ${row.name}`];
  const granted = new Set([
    ...(access.insert === true ? ['INSERT'] : []),
    ...(access.delete === true ? ['DELETE'] : []),
  ]);
  const excess = row.rights.filter((right) => !granted.has(right)).map((right) => `may ${right} ${row.name}`);
  const { update = [] } = access;
  if (update === true) return excess;
  const columns = row.updatable.filter((column) => !update.includes(column));
  return columns.length === 0 ? excess : [...excess, `may UPDATE ${row.name} (${columns.join(', ')})`];
}

function missingTriggers(row: TriggerRow, access: TableAccess = {}): RoleProblem[] {
  return (access.triggers ?? [])
    .filter((trigger) => !row.triggers.includes(trigger))
    .map((trigger) => `trigger ${trigger} of ${row.name} is missing or disabled`);
}
