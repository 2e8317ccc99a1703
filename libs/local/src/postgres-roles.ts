import { createHmac } from 'node:crypto';
import pg from 'pg';

export interface RoleProvision {
  /** Of a superuser, with the database that the schemas are in. */
  readonly url: string;
  /** What the passwords are derived from: kept by the caller, and given to no app. */
  readonly secret: string;
  readonly schemas: readonly string[];
  /** Roles are `<prefix>_<schema>`, `…_owner`, `…_eraser`, `…_reader`; they are shared by the whole server. */
  readonly prefix?: string;
}

/** The addresses of one schema's roles, with passwords: never log them. */
export interface SchemaRoles {
  readonly app: string;
  readonly owner: string;
  readonly eraser: string;
  readonly reader: string;
  readonly readerRole: string;
}

const KINDS = ['', '_owner', '_eraser', '_reader'] as const;
/** One provisioning at a time; the number means nothing. */
const LOCK = 0x6b657266;

/**
 * Gives each schema an owner, a role for its app, an eraser and a reader, and hands what stands in the schema to the
 * owner. What each may do there is the schema's own business, said when it is migrated. Repeating it changes nothing.
 */
export async function provisionRoles(options: RoleProvision): Promise<Readonly<Record<string, SchemaRoles>>> {
  const { url, secret, schemas, prefix = 'kerege' } = options;
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, query_timeout: 60_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
    const database = await ownDatabase(client);
    for (const schema of schemas) await provisionSchema(client, { schema, prefix, secret, database });
  } finally {
    await client.end();
  }
  return Object.fromEntries(schemas.map((schema) => [schema, rolesOf(url, `${prefix}_${schema}`, secret)]));
}

async function ownDatabase(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ name: string }>('SELECT current_database() AS name');
  const database = pg.escapeIdentifier(rows[0]?.name ?? '');
  await client.query(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`);
  await client.query('REVOKE ALL ON SCHEMA public FROM PUBLIC');
  return database;
}

interface SchemaProvision {
  readonly schema: string;
  readonly prefix: string;
  readonly secret: string;
  readonly database: string;
}

async function provisionSchema(client: pg.Client, { schema, prefix, secret, database }: SchemaProvision) {
  for (const kind of KINDS) {
    const name = `${prefix}_${schema}${kind}`;
    const role = pg.escapeIdentifier(name);
    const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [name]);
    if (rowCount === 0) await client.query(`CREATE ROLE ${role}`);
    await client.query(
      `ALTER ROLE ${role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
       PASSWORD ${pg.escapeLiteral(passwordOf(secret, name))}`,
    );
    await client.query(`GRANT CONNECT ON DATABASE ${database} TO ${role}`);
  }
  const owner = pg.escapeIdentifier(`${prefix}_${schema}_owner`);
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${pg.escapeIdentifier(schema)}`);
  await client.query(`ALTER SCHEMA ${pg.escapeIdentifier(schema)} OWNER TO ${owner}`);
  // Of a data directory that is older than its roles. Indexes and identities follow their table.
  const { rows } = await client.query<{ alter: string }>(
    `SELECT format('ALTER TABLE %s OWNER TO ${owner}', c.oid::regclass) AS alter
       FROM pg_class c WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p')
     UNION ALL
     SELECT format('ALTER FUNCTION %s OWNER TO ${owner}', p.oid::regprocedure)
       FROM pg_proc p WHERE p.pronamespace = $1::regnamespace`,
    [pg.escapeIdentifier(schema)],
  );
  for (const { alter } of rows) await client.query(alter);
}

function rolesOf(superuserUrl: string, base: string, secret: string): SchemaRoles {
  const urlOf = (name: string) => {
    const url = new URL(superuserUrl);
    url.username = name;
    url.password = passwordOf(secret, name);
    return url.href;
  };
  return {
    app: urlOf(base),
    owner: urlOf(`${base}_owner`),
    eraser: urlOf(`${base}_eraser`),
    reader: urlOf(`${base}_reader`),
    readerRole: `${base}_reader`,
  };
}

/** Who has one of them learns nothing of the others, nor of the secret. */
function passwordOf(secret: string, role: string): string {
  return createHmac('sha256', secret).update(`role ${role}`).digest('hex');
}
