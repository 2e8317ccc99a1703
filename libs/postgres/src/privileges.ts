import { DataSource } from 'typeorm';
import { grantStatements } from './access-plan.js';
import type { DatabaseAccess } from './database-access.js';
import type { Queries } from './queries.js';
import { migrate, type MigrateOptions, type Migrations } from './migrator.js';
import { postgresErrors, toDatabaseError } from './postgres.errors.js';
import { roleProblems } from './role-check.js';

export interface SchemaOptions extends MigrateOptions {
  readonly access?: DatabaseAccess;
}

/**
 * Brings the schema to this version as its owner, and grants the others what the plan says. Without an owner's address
 * the role of the app migrates if it owns the schema (or makes it); one that does not must find it migrated.
 */
export async function prepareSchema(options: SchemaOptions): Promise<void> {
  const { access, url, schema, migrations } = options;
  if (access === undefined) return migrate(options);
  if (access.ownerUrl === '') return (await mayMigrate(options)) ? migrate(options) : expectMigrated(options);
  const roles = {
    app: roleOf(url),
    ...(access.eraserUrl === '' ? {} : { eraser: roleOf(access.eraserUrl) }),
    ...(access.readerRole === '' ? {} : { reader: access.readerRole }),
  };
  // One role for both is found out by the check of what the app's role can do.
  const grants = roles.app === roleOf(access.ownerUrl) ? [] : grantStatements(schema, access.plan, roles);
  await migrate({ url: access.ownerUrl, schema, migrations, grants });
}

/** Refuses, or tells, a role that can do more than the plan says, and triggers that do not guard. */
export async function checkRole(queries: Queries, schema: string, access: DatabaseAccess): Promise<void> {
  const isErasing = Object.values(access.plan).some(({ erasable }) => erasable === true);
  if (access.isStrict && isErasing && access.eraserUrl === '') throw postgresErrors.error('database-eraser-missing');
  const problems = await roleProblems(queries, schema, access.plan);
  if (problems.length === 0) return;
  if (access.isStrict)
    throw postgresErrors.error('database-role-excess', { details: { schema }, extensions: { problems } });
  access.onExcess(problems);
}

async function mayMigrate({ url, schema, connectTimeoutMs = 5_000 }: SchemaOptions): Promise<boolean> {
  return ask(url, connectTimeoutMs, async (source) => {
    const rows: { may: boolean }[] = await source.query(
      `SELECT coalesce(bool_or(pg_has_role(current_user, nspowner, 'MEMBER')), true) AS may
         FROM pg_namespace WHERE nspname = $1`,
      [schema],
    );
    return rows[0]?.may === true;
  });
}

async function expectMigrated({ url, schema, migrations, connectTimeoutMs = 5_000 }: SchemaOptions): Promise<void> {
  const done = await ask(url, connectTimeoutMs, async (source) => {
    const rows: { name: string }[] = await source.query(`SELECT name FROM ${schema}.migration`);
    return new Set(rows.map(({ name }) => name));
  });
  const missing = namesOf(migrations).filter((name) => !done.has(name));
  if (missing.length > 0) throw postgresErrors.error('database-schema-behind', { details: { schema, missing } });
}

function namesOf(migrations: Migrations): string[] {
  return Object.values(migrations).flatMap((migration) => (typeof migration === 'function' ? [migration.name] : []));
}

async function ask<Answer>(
  url: string,
  connectTimeoutMS: number,
  question: (source: DataSource) => Promise<Answer>,
): Promise<Answer> {
  const source = new DataSource({
    type: 'postgres',
    url,
    connectTimeoutMS,
    installExtensions: false,
    logging: false,
    poolSize: 1,
    poolErrorHandler: () => undefined,
  });
  try {
    await source.initialize();
    return await question(source);
  } catch (cause) {
    throw toDatabaseError(cause);
  } finally {
    if (source.isInitialized) await source.destroy();
  }
}

function roleOf(url: string): string {
  return decodeURIComponent(new URL(url).username);
}
