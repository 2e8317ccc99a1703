import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { Secret } from '#kernel';
import { provisionRoles, type SchemaRoles } from '#local';
import { accessBy, openDatabase, type AccessPlan, type Database, type Migrations } from '#postgres';
import { createDatabase, uniqueName, type TestDatabase } from '#testing';
import { access as audit } from '../../apps/audit/src/migrations/access.js';
import { migrations as auditMigrations } from '../../apps/audit/src/migrations/index.js';
import { access as connector } from '../../apps/connector/src/migrations/access.js';
import { connectorMigrations } from '../../apps/connector/src/migrations/index.js';
import { keyAccess } from '../../apps/feedback/src/key-store/migrations/access.js';
import { keyMigrations } from '../../apps/feedback/src/key-store/migrations/index.js';
import { access as feedback } from '../../apps/feedback/src/migrations/access.js';
import { migrations as feedbackMigrations } from '../../apps/feedback/src/migrations/index.js';
import { access as gateway } from '../../apps/gateway/src/migrations/access.js';
import { gatewayMigrations } from '../../apps/gateway/src/migrations/index.js';
import { access as registry } from '../../apps/registry/src/migrations/access.js';
import { migrations as registryMigrations } from '../../apps/registry/src/migrations/index.js';

jest.setTimeout(60_000);

const APPS: Readonly<Record<string, { plan: AccessPlan; migrations: Migrations }>> = {
  audit: { plan: audit, migrations: auditMigrations },
  connector: { plan: connector, migrations: connectorMigrations },
  feedback: { plan: feedback, migrations: feedbackMigrations },
  feedback_keys: { plan: keyAccess, migrations: keyMigrations },
  gateway: { plan: gateway, migrations: gatewayMigrations },
  registry: { plan: registry, migrations: registryMigrations },
};
const prefix = uniqueName('roles').replaceAll('-', '_');
let own: TestDatabase;
let admin: pg.Client;
let roles: Readonly<Record<string, SchemaRoles>>;
const opened: Database[] = [];

interface Given {
  readonly url?: string;
  readonly ownerUrl?: string;
  readonly eraserUrl?: string;
  readonly environment?: string;
  readonly warned?: string[];
}

async function open(app: string, given: Given = {}): Promise<Database> {
  const { plan, migrations } = APPS[app]!;
  const own = roles[app]!;
  const settings = {
    databaseOwnerUrl: new Secret(given.ownerUrl ?? own.owner),
    databaseEraserUrl: new Secret(given.eraserUrl ?? own.eraser),
    databaseReaderRole: own.readerRole,
    environment: given.environment ?? 'production',
  };
  const warner = {
    warn: (fields: Readonly<Record<string, unknown>>) => void given.warned?.push(...(fields['problems'] as string[])),
  };
  const database = await openDatabase({
    url: given.url ?? own.app,
    schema: app,
    migrations,
    access: accessBy(plan, settings, warner),
    poolSize: 2,
  });
  opened.push(database);
  return database;
}

/** The start is refused, and for this reason. */
const refusal = (problem: string) => ({
  code: 'database-role-excess',
  extensions: { problems: expect.arrayContaining([problem]) },
});

beforeAll(async () => {
  own = await createDatabase();
  admin = new pg.Client({ connectionString: own.url });
  await admin.connect();
  roles = await provisionRoles({ url: own.url, secret: 'spec', schemas: Object.keys(APPS), prefix });
  for (const app of Object.keys(APPS)) await open(app);
});
afterAll(async () => {
  await Promise.all(opened.map((database) => database.close()));
  for (const app of Object.keys(APPS))
    for (const kind of ['', '_owner', '_eraser', '_reader']) {
      await admin.query(`DROP OWNED BY ${prefix}_${app}${kind} CASCADE`);
      await admin.query(`DROP ROLE ${prefix}_${app}${kind}`);
    }
  await admin.end();
  await own.drop();
});

describe.each(Object.keys(APPS))('the roles of %s', (app) => {
  it('are accepted in production, also when migrations and grants run again', async () => {
    await expect(open(app)).resolves.toBeDefined();
  });

  it('are told of for every table that there is', async () => {
    const { rows } = await admin.query<{ relname: string }>(
      `SELECT relname FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind IN ('r', 'p')
          AND NOT relispartition AND relname <> 'migration' ORDER BY relname`,
      [app],
    );
    expect(rows.map(({ relname }) => relname)).toEqual(Object.keys(APPS[app]!.plan).sort());
  });

  it('let the app start without its owner’s address, once it is migrated, and not before', async () => {
    await expect(open(app, { ownerUrl: '' })).resolves.toBeDefined();
    await admin.query(`CREATE TABLE kept AS SELECT * FROM ${app}.migration ORDER BY id DESC LIMIT 1`);
    await admin.query(`DELETE FROM ${app}.migration WHERE id IN (SELECT id FROM kept)`);
    await expect(open(app, { ownerUrl: '' })).rejects.toMatchObject({ code: 'database-schema-behind' });
    await admin.query(`INSERT INTO ${app}.migration SELECT * FROM kept`);
    await admin.query('DROP TABLE kept');
  });

  it('let the reader read everything and write nothing, and no other app anything', async () => {
    const [table] = Object.keys(APPS[app]!.plan);
    const reader = await connect(roles[app]!.reader);
    await expect(reader.query(`SELECT FROM ${app}.${table}`)).resolves.toBeDefined();
    await expect(reader.query(`DELETE FROM ${app}.${table}`)).rejects.toMatchObject({ code: '42501' });
    await reader.end();
    for (const other of Object.keys(APPS).filter((name) => name !== app)) {
      const stranger = await connect(roles[other]!.app);
      await expect(stranger.query(`SELECT FROM ${app}.${table}`)).rejects.toMatchObject({ code: '42501' });
      await stranger.end();
    }
  });

  it.each([
    ['SUPERUSER', 'is a superuser'],
    ['BYPASSRLS', 'bypasses row security'],
    ['CREATEROLE', 'may create roles'],
    ['REPLICATION', 'may replicate the whole cluster'],
  ])('are refused with %s', async (attribute, problem) => {
    const role = `${prefix}_${app}`;
    await admin.query(`ALTER ROLE ${role} ${attribute}`);
    try {
      await expect(open(app)).rejects.toMatchObject(refusal(problem));
    } finally {
      await admin.query(`ALTER ROLE ${role} NO${attribute}`);
    }
  });

  const undone: [string, string, (role: string) => string, (role: string) => string][] = [
    [
      'sets session_replication_role',
      'may set session_replication_role, which lifts triggers',
      (role) => `GRANT SET ON PARAMETER session_replication_role TO ${role}`,
      (role) => `REVOKE SET ON PARAMETER session_replication_role FROM ${role}`,
    ],
    [
      'creates in the schema',
      'may CREATE in the schema',
      (role) => `GRANT CREATE ON SCHEMA ${app} TO ${role}`,
      (role) => `REVOKE CREATE ON SCHEMA ${app} FROM ${role}`,
    ],
    [
      'may become the owner, though it inherits nothing',
      'owns the schema',
      (role) => `GRANT ${role}_owner TO ${role} WITH INHERIT FALSE, SET TRUE`,
      (role) => `REVOKE ${role}_owner FROM ${role}`,
    ],
    [
      'writes all data through a group',
      'may DELETE migration',
      (role) => `GRANT pg_write_all_data TO ${role}`,
      (role) => `REVOKE pg_write_all_data FROM ${role}`,
    ],
    [
      'may truncate',
      'may TRUNCATE migration',
      (role) => `GRANT TRUNCATE ON ${app}.migration TO ${role}`,
      (role) => `REVOKE TRUNCATE ON ${app}.migration FROM ${role}`,
    ],
    [
      'runs programs on the server',
      'may write files or run programs on the server',
      (role) => `GRANT pg_execute_server_program TO ${role}`,
      (role) => `REVOKE pg_execute_server_program FROM ${role}`,
    ],
  ];
  it.each(undone)('are refused if the app’s %s', async (_name, problem, change, revert) => {
    const role = `${prefix}_${app}`;
    await admin.query(change(role));
    try {
      // What an owner grants itself it would take away again; without one the role is judged as it stands.
      await expect(open(app, { ownerUrl: '' })).rejects.toMatchObject(refusal(problem));
    } finally {
      await admin.query(revert(role));
    }
  });

  it('are one and the same in development, which is told loudly and refused in production', async () => {
    const warned: string[] = [];
    const one = { url: own.url, ownerUrl: '', eraserUrl: '' };
    await expect(open(app, { ...one, warned, environment: 'development' })).resolves.toBeDefined();
    expect(warned).toContain('is a superuser');
    await expect(open(app, { ...one, eraserUrl: roles[app]!.eraser })).rejects.toMatchObject(refusal('is a superuser'));
    const isErasing = app === 'gateway' || app === 'connector';
    if (isErasing) await expect(open(app, one)).rejects.toMatchObject({ code: 'database-eraser-missing' });
  });

  it('are found out if the app connects as the owner', async () => {
    const [table] = Object.keys(APPS[app]!.plan);
    await expect(open(app, { url: roles[app]!.owner })).rejects.toMatchObject(refusal(`owns ${table}`));
  });
});

describe('the role of audit', () => {
  const excess: [string, string, string][] = [
    ['DELETE', 'log_leaf', 'may DELETE log_leaf'],
    ['DELETE', 'log_leaf_default', 'may DELETE log_leaf_default'],
    ['UPDATE', 'log_tile', 'may UPDATE log_tile (log_id, lvl, idx, root, data)'],
    ['UPDATE (body)', 'log_leaf', 'may UPDATE log_leaf (body)'],
    ['UPDATE (origin)', 'log_head', 'may UPDATE log_head (origin)'],
    ['TRUNCATE', 'manifest', 'may TRUNCATE manifest'],
    ['TRIGGER', 'snapshot', 'may TRIGGER snapshot'],
    ['REFERENCES (digest)', 'snapshot', 'may REFERENCES snapshot'],
    ['INSERT (body)', 'log_leaf_default', 'may INSERT log_leaf_default'],
  ];
  it.each(excess)('is refused with %s on %s', async (right, table, problem) => {
    const role = `${prefix}_audit`;
    await admin.query(`GRANT ${right} ON audit.${table} TO ${role}`);
    try {
      await expect(open('audit', { ownerUrl: '' })).rejects.toMatchObject(refusal(problem));
      // The owner puts it right.
      await expect(open('audit')).resolves.toBeDefined();
      await expect(open('audit', { ownerUrl: '' })).resolves.toBeDefined();
    } finally {
      await admin.query(`REVOKE ${right} ON audit.${table} FROM ${role}`);
    }
  });

  const lifted: [string, string, string, string][] = [
    ['log_leaf', 'only_grows', 'DISABLE TRIGGER only_grows', 'ENABLE TRIGGER only_grows'],
    ['log_leaf_default', 'only_grows', 'DISABLE TRIGGER USER', 'ENABLE TRIGGER USER'],
    ['log_head', 'never_shrinks', 'ENABLE REPLICA TRIGGER never_shrinks', 'ENABLE TRIGGER never_shrinks'],
    ['log_head', 'never_goes', 'DISABLE TRIGGER ALL', 'ENABLE TRIGGER ALL'],
  ];
  it.each(lifted)('is refused if the triggers of %s do not guard (%s: %s)', async (table, trigger, lift, put) => {
    await admin.query(`ALTER TABLE audit.${table} ${lift}`);
    try {
      await expect(open('audit')).rejects.toMatchObject(
        refusal(`trigger ${trigger} of ${table} is missing or disabled`),
      );
    } finally {
      await admin.query(`ALTER TABLE audit.${table} ${put}`);
    }
  });

  it('is refused if a new partition has no trigger of its own, and accepted when it has', async () => {
    const owner = await connect(roles['audit']!.owner);
    await owner.query('SET search_path = audit');
    await owner.query('CREATE TABLE log_leaf_7 PARTITION OF log_leaf FOR VALUES IN (7)');
    try {
      const problem = 'trigger only_grows of log_leaf_7 is missing or disabled';
      await expect(open('audit')).rejects.toMatchObject(refusal(problem));
      await owner.query(`SELECT guard_growth('log_leaf_7')`);
      await expect(open('audit')).resolves.toBeDefined();
      await expect(owner.query('TRUNCATE log_leaf_7')).rejects.toMatchObject({ code: '23000' });
    } finally {
      await owner.query('DROP TABLE log_leaf_7');
      await owner.end();
    }
  });

  it('cannot do by itself what the check would find', async () => {
    const client = await connect(roles['audit']!.app);
    await client.query('SET search_path = audit');
    const forbidden = [
      'UPDATE log_leaf SET body = body',
      'DELETE FROM log_leaf',
      'TRUNCATE log_leaf',
      'UPDATE log_head SET origin = origin',
      'DELETE FROM log_head',
      'DELETE FROM scrub_finding',
      'ALTER TABLE log_leaf DISABLE TRIGGER ALL',
      'SET session_replication_role = replica',
      'CREATE TABLE more ()',
      'CREATE SCHEMA more',
      `SET ROLE ${prefix}_audit_owner`,
      `SELECT guard_growth('log_leaf')`,
    ];
    for (const sql of forbidden) await expect(client.query(sql)).rejects.toMatchObject({ code: '42501' });
    await client.end();
  });
});

describe('the eraser of gateway', () => {
  it('deletes what the app cannot, and nothing else', async () => {
    const database = await open('gateway');
    await expect(database.query('DELETE FROM idempotency_key')).rejects.toMatchObject({
      details: { sqlState: '42501' },
    });
    await database.query(
      `INSERT INTO idempotency_key VALUES ('DEMO/GOV/1000/mygov', 'DEMO/GOV/1001/population/persons', '\\x00', gen_random_uuid(), 0)`,
    );
    const erased = await database.erase('DELETE FROM idempotency_key RETURNING created_ms');
    expect(erased).toEqual([{ created_ms: '0' }]);
    await expect(database.erase('UPDATE idempotency_key SET created_ms = 1')).rejects.toMatchObject({
      details: { sqlState: '42501' },
    });
    await expect(database.erase('SELECT FROM migration')).rejects.toMatchObject({ details: { sqlState: '42501' } });
  });
});

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}
