import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { inspect } from 'node:util';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createDatabase, eventually, type TestDatabase } from '#testing';
import { openDatabase, type Database } from './index.js';

class CreateFlags1700000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE flag (name text PRIMARY KEY, raised bigint NOT NULL)');
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE flag');
  }
}

class Broken1700000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE half (id int)');
    await runner.query('CREATE TABLE nonsense (');
  }
  async down(): Promise<void> {
    return Promise.resolve();
  }
}

let own: TestDatabase;
let database: Database;
const open = (more: object = {}) =>
  openDatabase({ url: own.url, schema: 'flags', migrations: [CreateFlags1700000000001], poolSize: 3, ...more });

beforeAll(async () => {
  own = await createDatabase();
  database = await open();
});
afterAll(async () => {
  await database.close();
  await own.drop();
});

describe('openDatabase', () => {
  it('migrates once, whatever the number of processes that start together', async () => {
    const others = await Promise.all([1, 2, 3, 4].map(() => open()));
    await Promise.all(others.map((other) => other.close()));
    const rows = await database.query('SELECT name FROM flags.migration');
    expect(rows).toEqual([{ name: 'CreateFlags1700000000001' }]);
  });

  it('puts tables into the schema of the app and nowhere else', async () => {
    const rows = await database.query(`SELECT table_schema FROM information_schema.tables WHERE table_name = 'flag'`);
    expect(rows).toEqual([{ table_schema: 'flags' }]);
  });

  it('leaves nothing of a migration that fails, and says so with a code', async () => {
    const attempt = open({ schema: 'broken', migrations: [Broken1700000000002] });
    await expect(attempt).rejects.toMatchObject({ code: 'database-migration-failed' });
    expect(await database.query(`SELECT FROM pg_tables WHERE tablename = 'half'`)).toEqual([]);
  });

  it('says that the database is unavailable', async () => {
    await expect(open({ url: 'postgres://nobody:x@127.0.0.1:1/none' })).rejects.toMatchObject({
      code: 'database-unavailable',
    });
  });
});

describe('Database', () => {
  it('returns rows of every kind of statement', async () => {
    await database.query('INSERT INTO flag VALUES ($1, $2)', ['kinds', 1]);
    expect(await database.query('UPDATE flag SET raised = 2 WHERE name = $1 RETURNING raised', ['kinds'])).toEqual([
      { raised: '2' },
    ]);
    expect(await database.query('DELETE FROM flag WHERE name = $1 RETURNING name', ['kinds'])).toHaveLength(1);
  });

  it('rolls a unit of work back as a whole', async () => {
    const work = database.transaction(async (queries) => {
      await queries.query('INSERT INTO flag VALUES ($1, 1)', ['rolled-back']);
      await queries.query('INSERT INTO flag VALUES ($1, 1)', ['rolled-back']);
    });
    await expect(work).rejects.toMatchObject({ code: 'database-conflict', details: { constraint: 'flag_pkey' } });
    expect(await database.query('SELECT FROM flag WHERE name = $1', ['rolled-back'])).toEqual([]);
  });

  it('copies rows as they are stored, more than its first memory holds, in and outside a transaction', async () => {
    const sizes = Array.from({ length: 40 }, (_, n) => n * 1_000);
    await database.query(
      `INSERT INTO flag SELECT repeat(chr(200 + n), n * 500), n - 1 FROM generate_series(0, 39) AS n`,
    );
    const read = async ({ copy }: Pick<Database, 'copy'>) => {
      const rows = await copy`SELECT name, raised, decode(repeat('00ff', ${500}), 'hex') FROM flag
                               WHERE name NOT SIMILAR TO '[a-z-]+' AND raised >= ${-1} AND raised < ${39} ORDER BY raised`;
      const all: [number, number, number][] = [];
      while (rows.next()) all.push([Buffer.byteLength(rows.text()), rows.bigint(), rows.binary().length]);
      return all;
    };
    const all = sizes.map((size, n) => [size, n - 1, 1_000]);
    expect(await read(database)).toEqual(all);
    expect(await database.transaction(read)).toEqual(all);
  });

  it('refuses a copy with a code, and copies on afterwards', async () => {
    for (let turn = 0; turn < 4; turn += 1)
      await expect(database.copy`SELECT nothing FROM flag`).rejects.toMatchObject({ code: 'database-failed' });
    expect((await database.copy`SELECT ${1}::bigint`).next()).toBe(true);
  });

  it('does not quote values in its errors', async () => {
    await database.query('INSERT INTO flag VALUES ($1, 1)', ['TEST000007']);
    const failure = await database.query('INSERT INTO flag VALUES ($1, 1)', ['TEST000007']).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: 'database-conflict' });
    expect(inspect(failure, { depth: 10 })).not.toContain('TEST000007');
  });

  it('ends a statement that takes too long', async () => {
    const impatient = await open({ statementTimeoutMs: 100 });
    await expect(impatient.query('SELECT pg_sleep(5)')).rejects.toMatchObject({ code: 'database-overloaded' });
    await impatient.close();
  });

  it('calls a connection that breaks while rows are copied unavailable, and lives on', async () => {
    const { hostname, port } = new URL(own.url);
    const sockets: Socket[] = [];
    const cable = createServer((near) => {
      const far = connect(Number(port), hostname);
      sockets.push(
        near.on('error', () => undefined),
        far.on('error', () => undefined),
      );
      near.pipe(far).pipe(near);
    }).listen(0, '127.0.0.1');
    await once(cable, 'listening');
    const url = new URL(own.url);
    url.port = String((cable.address() as AddressInfo).port);
    const remote = await open({ url: url.href });
    const copied = remote.copy`SELECT ${1}::bigint, pg_sleep(20)::text`;
    const outcome = expect(copied).rejects.toMatchObject({ code: 'database-unavailable' });
    await eventually(
      async () =>
        (await database.query(`SELECT FROM pg_stat_activity WHERE query LIKE 'COPY%pg_sleep(20)%'`)).length > 0,
    );
    for (const socket of sockets) socket.destroy();
    await outcome;
    expect((await remote.copy`SELECT ${1}::bigint`).next()).toBe(true);
    await remote.close();
    cable.close();
  });

  it('calls a connection that the server ended unavailable, then goes on with a new one', async () => {
    const killed = database.query('SELECT pg_sleep(20)');
    const outcome = expect(killed).rejects.toMatchObject({ code: 'database-unavailable' });
    // It has to run before it can be ended.
    await eventually(async () => {
      const ended = await database.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(20)%' AND state = 'active' AND pid <> pg_backend_pid()`,
      );
      return ended.length > 0;
    });
    await outcome;
    // The pool may hand the dying connection out once more before it sees it close.
    await eventually(() => database.isReachable());
  });
});
