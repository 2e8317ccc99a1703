import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { logSource } from './log-source.service.js';

let server: Server;
let url: string;
let asked: { path: string; authorization: string | undefined }[];
/** Answers in turn; the last one stays. */
let answers: ((response: ServerResponse) => void)[];
const send =
  (status: number, body = '') =>
  (response: ServerResponse) =>
    void response.writeHead(status).end(body);

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    asked.push({ path: request.url ?? '', authorization: request.headers.authorization });
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    answer?.(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/log/0/2026h2`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe('a log that is served', () => {
  it('is read below its prefix, with the token where there is one', async () => {
    answers = [send(200, 'bytes')];
    expect((await logSource(url, 'secret').read('tile/0/000', 100))?.toString()).toBe('bytes');
    expect((await logSource(`${url}/`).read('checkpoint', 100))?.toString()).toBe('bytes');
    expect(asked).toEqual([
      { path: '/log/0/2026h2/tile/0/000', authorization: 'Bearer secret' },
      { path: '/log/0/2026h2/checkpoint', authorization: undefined },
    ]);
  });

  it('has no file on 404 only, is asked again after trouble, and is refused with its status', async () => {
    answers = [send(404)];
    expect(await logSource(url).read('tile/0/000', 100)).toBeUndefined();
    answers = [(response) => response.destroy(), send(503), send(200, 'late')];
    expect((await logSource(url).read('tile/0/000', 100))?.toString()).toBe('late');
    for (const status of [401, 403, 410]) {
      answers = [send(status)];
      const before = asked.length;
      const refusal = { code: 'log-refused', extensions: { status } };
      await expect(logSource(url).read('tile/0/000', 100)).rejects.toMatchObject(refusal);
      expect(asked).toHaveLength(before + 1);
    }
  });

  it('is read no further than what may be there', async () => {
    answers = [send(200, 'x'.repeat(5_000_000))];
    const read = await logSource(url).read('tile/0/000', 100);
    expect(read?.length).toBeGreaterThan(100);
    expect(read?.length).toBeLessThan(5_000_000);
  });
});

describe('a log in a folder', () => {
  it('has the files that are there, cut at the limit, and lists them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kerege-source-'));
    await mkdir(join(folder, 'tile/0'), { recursive: true });
    await writeFile(join(folder, 'tile/0/000'), '0123456789');
    await writeFile(join(folder, 'checkpoint'), 'note');
    const source = logSource(folder);
    expect((await source.read('tile/0/000', 4))?.toString()).toBe('0123');
    for (const absent of ['tile/0/001', 'tile/0', 'tile/0/000/x']) expect(await source.read(absent, 9)).toBeUndefined();
    const listed: string[] = [];
    for await (const path of source.list?.() ?? []) listed.push(path);
    expect(listed.sort()).toEqual(['checkpoint', 'tile/0/000']);
    await rm(folder, { recursive: true });
  });
});
