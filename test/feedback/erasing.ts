import { makeReaderToken } from '#reader-auth';
import type { RunningApp } from '#platform';
import type { Database } from '#postgres';
import { parseStatement, type ErasurePayload, type TypedSubject } from '#signing';
import { eventually, uniqueName, type TestIssuer } from '#testing';
import { CONSUMER } from '../audit/audit-network.js';
import type { FeedbackNetwork, Stated } from './feedback-network.js';

/** Asks feedback as a person does through a portal. */
export async function asPerson(
  network: FeedbackNetwork,
  issuer: TestIssuer,
  app: RunningApp,
  asked: { readonly method: string; readonly path: string; readonly sub: string; readonly claims?: object },
) {
  const { method, path, sub, claims = {} } = asked;
  const key = network.audit.world.keysOf(CONSUMER).sign;
  const at = { audience: 'http://127.0.0.1:8120', nowMs: Date.now() };
  const token = await makeReaderToken({ subsystem: CONSUMER, key, ...at });
  const assertion = await issuer.mint(sub, CONSUMER, { claims: { ...claims } });
  const headers = { authorization: `Bearer ${token}`, 'kerege-end-user': assertion };
  const response = await fetch(`${app.url}${path}`, { method, headers });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** Accesses to these persons, stated, opened and shown. */
export async function accessed(
  network: FeedbackNetwork,
  ...subjects: readonly (TypedSubject & { readonly purpose?: string })[]
): Promise<Stated[]> {
  const { feedback } = await network.databases();
  const count = async (where: string) => {
    const [row] = await feedback.query<{ n: string }>(`SELECT count(*) AS n FROM commitment WHERE ${where}`);
    return Number(row?.n);
  };
  const before = await count('true');
  const made = await Promise.all(
    subjects.map(({ purpose, ...subject }) =>
      network.requested([subject], [], purpose === undefined ? {} : { pur: purpose }),
    ),
  );
  await network.stamp(...made.map(({ statement }) => statement));
  await network.send(...(await Promise.all(made.map((one) => network.sealed(one)))));
  const whole = before + made.length;
  await eventually(async () => (await count(`state <> 'pending'`)) === whole, { timeoutMs: 30_000 });
  return made;
}

export interface LoggedErasure extends ErasurePayload {
  readonly leafHash: Buffer;
}

/** What the log says was erased. */
export async function loggedErasures(network: FeedbackNetwork): Promise<LoggedErasure[]> {
  return (await network.audit.leaves()).flatMap(({ body, leaf_hash: leafHash }) => {
    const read = parseStatement(Buffer.from(body).toString('latin1'));
    return read.ok && read.value.payload.t === 'erasure' ? [{ ...read.value.payload, leafHash }] : [];
  });
}

/** All that feedback holds of persons, as far as it has an order. */
export async function stateOf(network: FeedbackNetwork) {
  const { feedback, keys } = await network.databases();
  return {
    commitments: await feedback.query('SELECT log_id, idx, kind, position, state FROM commitment ORDER BY 1, 2, 3, 4'),
    rows: await feedback.query('SELECT * FROM subject_access ORDER BY log_id, idx, kind, position'),
    erased: await feedback.query('SELECT id, is_done FROM erased_key ORDER BY id'),
    open: await feedback.query('SELECT ref, n FROM erasure ORDER BY ref'),
    keys: await keys.query('SELECT id, epoch, tag FROM data_key ORDER BY id'),
    doomed: await keys.query('SELECT id FROM doomed_key ORDER BY id'),
    closed: await keys.query('SELECT value FROM closed_commitment ORDER BY value'),
  };
}

/** Until the log shows every erasure, and nothing is left to do for it. */
export async function settled(network: FeedbackNetwork): Promise<void> {
  await eventually(
    async () => {
      const { open, doomed, erased } = await stateOf(network);
      if (open.length + doomed.length > 0) throw new TypeError(`${open.length} unstated, ${doomed.length} doomed`);
      return erased.every((row) => row['is_done'] === true);
    },
    { timeoutMs: 30_000 },
  );
}

/**
 * A backup of all tables of a schema, and its restore. What uses them meanwhile may hold one that is emptied later and
 * want one that is empty already: who is then sent away by the database comes again.
 */
export async function dump(database: Database, schema: string): Promise<() => Promise<void>> {
  const tables = await database.query<{ tablename: string }>(
    `SELECT tablename FROM pg_tables WHERE schemaname = $1 AND tablename <> 'migration'`,
    [schema],
  );
  const names = tables.map(({ tablename }) => tablename);
  const backup = uniqueName('backup').replaceAll(/[^a-z0-9]/g, '_');
  await database.transaction(async ({ query }) => {
    await query(`CREATE SCHEMA ${backup}`);
    for (const name of names) await query(`CREATE TABLE ${backup}.${name} AS TABLE ${schema}.${name}`);
  });
  const restore = () =>
    database.transaction(async ({ query }) => {
      await query(`TRUNCATE ${names.map((name) => `${schema}.${name}`).join(', ')}`);
      for (const name of names)
        await query(`INSERT INTO ${schema}.${name} OVERRIDING SYSTEM VALUE TABLE ${backup}.${name}`);
    });
  return async () => {
    await eventually(() => restore().then(() => true));
  };
}
