import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort, startPostgres, type LocalPostgres } from './index.js';

jest.setTimeout(60_000);

let directory: string;
const running: LocalPostgres[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kerege-postgres-spec-'));
  chmodSync(directory, 0o755);
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
  rmSync(directory, { recursive: true, force: true });
});

async function start(dataDir = join(directory, 'data')): Promise<LocalPostgres> {
  const server = await startPostgres({
    dataDir,
    port: await freePort(),
    password: 'spec',
    logFile: join(directory, 'log'),
    durable: false,
    database: 'kerege',
  });
  running.push(server);
  return server;
}

async function query(server: LocalPostgres, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: server.url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('startPostgres', () => {
  it('keeps its data over a clean stop', async () => {
    const first = await start();
    await query(first, 'CREATE TABLE kept AS SELECT 7 AS n');
    await first.stop();
    expect(await query(await start(), 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  });

  it('starts although postmaster.pid names a process that is somebody else', async () => {
    const first = await start();
    await first.stop();
    writeFileSync(join(directory, 'data/postmaster.pid'), `${process.pid}\n${join(directory, 'data')}\n`);
    expect(await query(await start(), 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  });

  it('ends a server that was left on the directory and takes over', async () => {
    const orphan = await start();
    await query(orphan, 'CREATE TABLE kept AS SELECT 7 AS n');
    expect(await query(await start(), 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
    await orphan.process.ended;
  });

  it('works below a directory that only its owner may enter, and forgets when that is reset', async () => {
    const home = join(mkdtempSync(join(directory, 'home-')), 'data/postgres');
    const first = await start(home);
    await query(first, 'CREATE TABLE kept AS SELECT 7 AS n');
    await first.stop();
    const second = await start(home);
    expect(await query(second, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
    await second.stop();
    rmSync(home, { recursive: true, force: true });
    await expect(query(await start(home), 'SELECT n FROM kept')).rejects.toMatchObject({ code: '42P01' });
  });

  it('refuses a wrong password', async () => {
    const server = await start();
    await expect(query({ ...server, url: server.url.replace(':spec@', ':wrong@') }, 'SELECT 1')).rejects.toMatchObject({
      code: '28P01',
    });
  });
});
