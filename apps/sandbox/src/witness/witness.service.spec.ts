import { beforeEach, describe, expect, it } from '@jest/globals';
import { defineErrors } from '#kernel';
import { TestLog } from '#testing';
import { cosigner, ed25519Seed, openCosignature, openNote, parseVkey, type NoteKey } from '#tlog';
import { originDigest } from './judgement.js';
import { Witness } from './witness.service.js';
import type { Remembered } from './witness.store.js';

const errors = defineErrors('spec', { 'disk-away': { kind: 'broken', message: 'The disk is away', next: 'Wait' } });
const log = TestLog.create('audit.test.example/0', 20);
const other = TestLog.create('other.test.example/0', 3, 2);
const { publicKey, sign } = ed25519Seed(Buffer.alloc(32, 9));
const signer = cosigner('witness.test.example/w1', publicKey, sign, () => 1_790_000_000);
const parsed = parseVkey(signer.vkey);
const ownKey = (parsed.ok ? parsed.value : undefined) as NoteKey;

/** A disk that can fail before it writes, and after. */
class Disk {
  readonly notes = new Map<string, string>();
  fault: 'none' | 'no effect' | 'effect but error' = 'none';
  writes = 0;

  read({ name }: NoteKey): Promise<Remembered | undefined> {
    const note = this.notes.get(name);
    const opened = note === undefined ? undefined : openNote(note, [log.key, ownKey]);
    return Promise.resolve(note === undefined || opened?.ok !== true ? undefined : { note, checkpoint: opened.value });
  }

  keep({ name }: NoteKey, note: string): Promise<void> {
    this.writes += 1;
    if (this.fault === 'no effect') return Promise.reject(errors.error('disk-away'));
    this.notes.set(name, note);
    return this.fault === 'none' ? Promise.resolve() : Promise.reject(errors.error('disk-away'));
  }
}

describe('Witness (audit-log.md §2.6)', () => {
  let disk: Disk;
  let witness: Witness;
  const restart = () => (witness = new Witness({ logs: [log.key], signer, store: disk, maxWaiting: 4 }));
  beforeEach(() => {
    disk = new Disk();
    restart();
  });
  const ask = async (from: number, to: number, by = log) => {
    const { status, body } = await witness.add(await by.request(from, to));
    return status === 409 ? [status, body] : [status];
  };

  it('cosigns what extends what it cosigned, and remembers it before it answers', async () => {
    const answer = await witness.add(await log.request(0, 5));
    expect([answer.status, answer.type]).toEqual([200, 'text/plain; charset=utf-8']);
    const text = (await log.note(5)).split('\n\n')[0];
    expect(openCosignature(`${text ?? ''}\n`, answer.body.slice(0, -1), [ownKey])).toMatchObject({
      ok: true,
      value: { seconds: 1_790_000_000 },
    });
    expect(disk.notes.get(log.key.name)).toBe((await log.note(5)) + answer.body);
    restart();
    expect([await ask(5, 8), await ask(8, 20)]).toEqual([[200], [200]]);
  });

  it('cosigns the same tree again', async () => {
    expect([await ask(0, 5), await ask(5, 5)]).toEqual([[200], [200]]);
  });

  it('says 409 and its size to who believes another', async () => {
    await ask(0, 8);
    const { type, body, status } = await witness.add(await log.request(5, 20));
    expect([status, type, body]).toEqual([409, 'text/x.tlog.size', '8\n']);
    expect(await ask(0, 20)).toEqual([409, '8\n']);
  });

  it('says 422 to a fork: at a larger size, at the same size, and with a proof that is another one', async () => {
    await ask(0, 8);
    const forked = log.rewritten(3);
    expect(await ask(8, 20, forked)).toEqual([422]);
    expect(await ask(8, 8, forked)).toEqual([422]);
    const request = await log.request(8, 20);
    expect((await witness.add(request.replace(/\n[^\n]+\n\n/u, '\n\n'))).status).toBe(422);
    expect(disk.writes).toBe(1);
  });

  it('says 422 to a proof where there can be none', async () => {
    const request = (await log.request(0, 5)).replace('old 0\n', `old 0\n${log.root(3).toString('base64')}\n`);
    expect((await witness.add(request)).status).toBe(422);
  });

  it('says 404 to a log that it does not know, 403 to a signature that is not its log’s, 400 to the rest', async () => {
    expect(await ask(0, 3, other)).toEqual([404]);
    const impostor = TestLog.create('audit.test.example/0', 5, 3);
    expect(await ask(0, 5, impostor)).toEqual([403]);
    const request = await log.request(0, 5);
    const spoilt = request.replace(/([A-Za-z0-9])([A-Za-z0-9+/]{10}==?\n)$/u, (_all, one: string, rest: string) =>
      one === 'A' ? `B${rest}` : `A${rest}`,
    );
    expect((await witness.add(spoilt)).status).toBe(403);
    expect((await witness.add('rubbish')).status).toBe(400);
    expect((await witness.add(request.replace('\n\n\u2014', '\n\u2014'))).status).toBe(400);
    expect((await witness.add(request.replace('old 0', 'old 6'))).status).toBe(400);
    expect(disk.writes).toBe(0);
  });

  it('lets one of two forks in that come at once, and tells the other', async () => {
    const forked = log.rewritten(0);
    const answers = await Promise.all([ask(0, 5), ask(0, 5, forked), ask(0, 8)]);
    expect(answers).toEqual([[200], [409, '5\n'], [409, '5\n']]);
  });

  it('takes no more than may wait', async () => {
    const answers = await Promise.all(Array.from({ length: 6 }, () => ask(0, 5)));
    expect(answers.map(([status]) => status).sort()).toEqual([200, 409, 409, 409, 503, 503]);
  });

  it('cosigns nothing that was not written, and looks again where the write may have taken place', async () => {
    await ask(0, 5);
    disk.fault = 'no effect';
    await expect(log.request(5, 8).then((body) => witness.add(body))).rejects.toMatchObject({ code: 'disk-away' });
    disk.fault = 'effect but error';
    await expect(log.request(5, 8).then((body) => witness.add(body))).rejects.toMatchObject({ code: 'disk-away' });
    disk.fault = 'none';
    expect(await ask(5, 20, log.rewritten(6))).toEqual([409, '8\n']);
    expect(await ask(8, 20)).toEqual([200]);
  });

  it('shows the newest that it cosigned, by the digest of the origin', async () => {
    const digest = originDigest(log.key.name);
    expect((await witness.newest(digest)).status).toBe(404);
    await ask(0, 5);
    expect((await witness.newest(digest)).body).toBe(disk.notes.get(log.key.name));
    expect((await witness.newest(originDigest('other'))).status).toBe(404);
  });
});
