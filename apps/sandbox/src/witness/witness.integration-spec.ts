import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { TestLog } from '#testing';
import { openNote, parseVkey } from '#tlog';
import { originDigest } from './judgement.js';
import { startWitness, type RunningWitness } from './witness.module.js';

const log = TestLog.create('audit.test.example/0', 20);

describe('the witness over HTTP, with its memory on disk', () => {
  let directory: string;
  let running: RunningWitness;
  const failures: string[] = [];

  const start = async () => {
    running = await startWitness(
      {
        host: '127.0.0.1',
        port: 0,
        name: 'witness.test.example/w1',
        keyFile: join(directory, 'w1.jwk'),
        trustFile: join(directory, 'trust.json'),
        directory: join(directory, 'memory'),
      },
      (what) => failures.push(what),
    );
  };
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kerege-witness-'));
    const d = Buffer.alloc(32, 7).toString('base64url');
    await writeFile(join(directory, 'w1.jwk'), JSON.stringify({ keys: [{ kty: 'OKP', crv: 'Ed25519', d }] }));
    await writeFile(join(directory, 'trust.json'), JSON.stringify({ logs: [log.vkey] }));
    await start();
  });
  afterEach(async () => {
    await running.close();
    await rm(directory, { recursive: true });
  });

  const post = (body: string | Uint8Array<ArrayBuffer>) =>
    fetch(`${running.url}/add-checkpoint`, { method: 'POST', body });
  const monitoring = () => fetch(`${running.url}/${originDigest(log.key.name)}/checkpoint`);

  it('answers as its specification says, and remembers over a restart', async () => {
    expect((await monitoring()).status).toBe(404);
    const first = await post(await log.request(0, 5));
    expect([first.status, first.headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8']);
    const line = await first.text();
    await running.close();
    await start();
    const own = parseVkey(running.vkey);
    const shown = await (await monitoring()).text();
    expect(shown).toBe((await log.note(5)) + line);
    expect(openNote(shown, own.ok ? [log.key, own.value] : [])).toMatchObject({ ok: true, value: { size: 5 } });
    const behind = await post(await log.request(0, 8));
    expect([behind.status, behind.headers.get('content-type'), await behind.text()]).toEqual([
      409,
      'text/x.tlog.size',
      '5\n',
    ]);
    expect((await post(await log.rewritten(1).request(5, 8))).status).toBe(422);
    expect((await post(await log.request(5, 8))).status).toBe(200);
    expect(await readdir(join(directory, 'memory'))).toEqual([`${originDigest(log.key.name)}.note`]);
  });

  it('takes no more than 16 KiB, no bytes that are no text, and no other path or method', async () => {
    expect((await post('x'.repeat(16 * 1024 + 1))).status).toBe(413);
    expect((await post('x'.repeat(16 * 1024))).status).toBe(400);
    expect((await post(new Uint8Array([0xff, 0xfe]))).status).toBe(400);
    expect((await fetch(`${running.url}/add-checkpoint`)).status).toBe(405);
    expect((await fetch(`${running.url}/../etc/checkpoint`)).status).toBe(404);
    expect((await fetch(`${running.url}/live`)).status).toBe(200);
  });

  it('does not start with a memory that it cannot read, nor with one of another witness', async () => {
    await post(await log.request(0, 5));
    await running.close();
    const file = join(directory, 'memory', `${originDigest(log.key.name)}.note`);
    const good = await readFile(file, 'utf8');
    for (const bad of ['', good.slice(0, -3), await log.note(5)]) {
      await writeFile(file, bad);
      await expect(start()).rejects.toMatchObject({ code: 'witness-memory-broken' });
    }
    await writeFile(file, good);
    await start();
    expect((await monitoring()).status).toBe(200);
  });

  it('cosigns nothing when its folder is gone', async () => {
    await rm(join(directory, 'memory'), { recursive: true });
    expect((await post(await log.request(0, 5))).status).toBe(500);
    expect(failures).toEqual(['request-failed']);
    expect((await monitoring()).status).toBe(404);
  });

  it.each([
    ['no key file', 'w1.jwk', '{'],
    ['a key that is none', 'w1.jwk', '{"keys":[{"d":"AA"}]}'],
    ['no logs', 'trust.json', '{"logs":[]}'],
    ['a log that is none', 'trust.json', '{"logs":["x"]}'],
  ])('does not start with %s', async (_what, file, text) => {
    await running.close();
    await writeFile(join(directory, file), text);
    await expect(start()).rejects.toMatchObject({ code: 'witness-settings' });
  });
});
