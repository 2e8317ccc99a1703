import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { testingErrors } from './eventually.js';
import { serviceAddresses } from './service-addresses.js';

export interface TestDatabase {
  readonly url: string;
  /** Ends every connection to it and removes it. */
  drop(): Promise<void>;
}

/**
 * A database of the caller's own, dropped by the caller: a copy of `template`'s result, which is made once per run
 * and name (so migrations run once, whatever the number of files), or an empty one.
 */
export async function createDatabase(template?: {
  /** The same for all who want the same content. */
  readonly name: string;
  readonly prepare: (url: string) => Promise<void>;
}): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const source = template === undefined ? 'template1' : await ensureTemplate(template.name, template.prepare);
  await asAdmin((client) => copyDatabase(client, source, name));
  return { url: urlOf(name), drop: () => asAdmin((client) => dropDatabase(client, name)) };
}

async function ensureTemplate(label: string, prepare: (url: string) => Promise<void>): Promise<string> {
  const name = `template_${label.replace(/[^a-z0-9]/gi, '_').toLowerCase()}`;
  await asAdmin(async (client) => {
    // Files run in several processes: one prepares, the others wait for it here.
    await client.query('SELECT pg_advisory_lock(hashtext($1))', [name]);
    const { rows } = await client.query('SELECT datistemplate FROM pg_database WHERE datname = $1', [name]);
    if (rows[0]?.datistemplate === true) return;
    // There, but no template: whoever prepared it died on the way.
    if (rows.length > 0) await dropDatabase(client, name);
    await copyDatabase(client, 'template1', name);
    await prepare(urlOf(name));
    await client.query(`ALTER DATABASE ${pg.escapeIdentifier(name)} IS_TEMPLATE true`);
  });
  return name;
}

/** A copy fails while anybody is connected to the source, which may be another file's copy under way. */
async function copyDatabase(client: pg.Client, source: string, name: string): Promise<void> {
  await client.query('SELECT pg_advisory_lock(0, hashtext($1))', [source]);
  try {
    await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)} TEMPLATE ${pg.escapeIdentifier(source)}`);
  } finally {
    await client.query('SELECT pg_advisory_unlock(0, hashtext($1))', [source]);
  }
}

async function dropDatabase(client: pg.Client, name: string): Promise<void> {
  await client.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`);
}

async function asAdmin(work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl() });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

function adminUrl(): string {
  const addresses = serviceAddresses();
  if (addresses === undefined) throw testingErrors.error('no-services');
  return addresses.databaseUrl;
}

function urlOf(database: string): string {
  const url = new URL(adminUrl());
  url.pathname = `/${database}`;
  return url.href;
}
