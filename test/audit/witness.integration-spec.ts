import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { RunningApp } from '#platform';
import { generateSigningKey, jwkSigner, publicJwk, signDocument, type PrivateJwk } from '#signing';
import { topicSpecsOf } from '#snapshot';
import { eventually, isolatedBus, testBus, uniqueName } from '#testing';
import { parseTlogProof, type Witnessed } from '#tlog';
import type { RunningWitness } from '../../apps/sandbox/src/witness/witness.module.js';
import { AuditNetwork } from './audit-network.js';
import { bothOf, deceive, openBy, startWitnessOf } from './witness-lab.js';

jest.setTimeout(120_000);
const WAIT = { timeoutMs: 30_000 };

interface Part {
  readonly part: string;
  readonly state: string;
  readonly reason?: string;
}

describe('audit and its witnesses, the real ones of the sandbox (audit-log.md §2.6, §3.4)', () => {
  let network: AuditNetwork;
  let witnesses: RunningWitness[];
  let ports: number[];

  const startOne = (number: number, port = 0) => startWitnessOf(network, number, port);
  const lines = () => bothOf(witnesses);
  const settings = () => ({ witnesses: ports.map((port, at) => `w${at + 1}=http://127.0.0.1:${port}`) });

  beforeEach(async () => {
    network = await AuditNetwork.create();
    witnesses = [await startOne(1), await startOne(2)];
    ports = witnesses.map(({ url }) => Number(new URL(url).port));
    network.trustWitnesses(lines());
  });
  afterEach(async () => {
    await network.close();
    await Promise.all(witnesses.map((witness) => witness.close()));
  });

  const open = (note: string): Witnessed => openBy(network, lines(), note);
  const checkpoint = async ({ url }: RunningApp) => (await fetch(`${url}/log/0/2026h2/checkpoint`)).text();
  const witnessedAt = (app: RunningApp, size: number) =>
    eventually(async () => {
      const opened = open(await checkpoint(app));
      return opened.isWitnessed && opened.checkpoint.size >= size ? opened : undefined;
    }, WAIT);
  const statusOf = async ({ url }: RunningApp): Promise<Part | undefined> => {
    const { parts } = (await (await fetch(`${url}/status`)).json()) as { parts: Part[] };
    return parts.find(({ part }) => part === 'witnesses');
  };
  const saysNotReady = (app: RunningApp, code: string) =>
    eventually(async () => (await (await fetch(`${app.url}/ready`)).text()).includes(code), WAIT);

  it('serves the published checkpoint and receipts with the lines of both, and shows who has cosigned', async () => {
    const app = await network.startInForce(settings());
    const requested = await network.requested();
    const { leaf } = await network.stampAndWait(requested);
    const { checkpoint: cosigned } = await witnessedAt(app, Number(leaf.index) + 1);
    const text = await (await fetch(`${app.url}/receipts/${requested.payload.id}`)).text();
    const proof = parseTlogProof(text);
    expect(proof.ok && open(proof.value.checkpoint)).toMatchObject({
      isWitnessed: true,
      checkpoint: { size: cosigned.size },
    });
    expect(await statusOf(app)).toMatchObject({ state: 'ok' });
    const rows = await network.database.query(
      `SELECT DISTINCT kind, source FROM audit.log_anchor WHERE size = $1 ORDER BY kind, source`,
      [cosigned.size],
    );
    expect(rows).toEqual([
      { kind: 'cosignature', source: 'w1.test.example' },
      { kind: 'cosignature', source: 'w2.test.example' },
      { kind: 'note', source: network.noteKey.name },
    ]);
  });

  it('stamps on while a witness is away, and is cosigned by it again when it is back', async () => {
    const app = await network.startInForce(settings());
    await witnessedAt(app, 1);
    await witnesses[1]!.close();
    await network.stampAndWait(await network.requested());
    await eventually(async () => (await statusOf(app))?.reason?.includes('w2.test.example: no-answer'), WAIT);
    witnesses[1] = await startOne(2, ports[1]);
    await network.stampAndWait(await network.requested());
    await witnessedAt(app, 3);
  });

  it('publishes nothing more once a witness has seen a fork of it, and stamps on', async () => {
    const app = await network.startInForce(settings());
    await witnessedAt(app, 1);
    const before = (await network.head()).size;
    witnesses[1] = await deceive(network, witnesses[1]!, 2);
    await network.stampAndWait(await network.requested());
    const status = await eventually(async () => {
      const part = await statusOf(app);
      return part?.state === 'down' ? part : undefined;
    }, WAIT);
    expect(status.reason).toContain('w2.test.example has seen another tree');
    const shown = open(await checkpoint(app)).checkpoint.size;
    expect(shown).toBeGreaterThanOrEqual(before);
    const { size } = await network.stampAndWait(await network.requested());
    expect(size).toBeGreaterThan(shown);
    expect(open(await checkpoint(app)).checkpoint.size).toBe(shown);
    await app.close();
    const again = await network.start(settings());
    await saysNotReady(again, 'log-forked');
  });

  it('does not take over a log that was restored from an old copy, though topics are new', async () => {
    const first = await network.startInForce(settings());
    const [old] = await network.database.query('SELECT * FROM audit.log_head');
    await network.stampAndWait(await network.requested());
    await witnessedAt(first, 2);
    await first.close();
    await network.database.transaction(async (queries) => {
      await queries.query('SET LOCAL session_replication_role = replica');
      await queries.query('DELETE FROM audit.log_leaf WHERE idx >= $1', [old!['size']]);
      await queries.query('DELETE FROM audit.log_anchor');
      await queries.query('UPDATE audit.log_head SET size = $1, root = $2, frontier = $3, next_offset = 0, note = $4', [
        old!['size'],
        old!['root'],
        old!['frontier'],
        old!['note'],
      ]);
    });
    const bus = isolatedBus(await testBus(), uniqueName('restored'));
    await bus.ensureTopics(topicSpecsOf(network.world.snapshot));
    const restored = await network.start(settings(), { bus });
    await saysNotReady(restored, 'log-behind');
    expect((await network.head()).size).toBe(Number(old!['size']));
  });

  it('does not take over a log while no witness answers, and does as soon as one does', async () => {
    await Promise.all(witnesses.map((witness) => witness.close()));
    witnesses = [];
    const app = await network.start(settings());
    await saysNotReady(app, 'witnesses-silent');
    witnesses = [await startOne(1, ports[0]), await startOne(2, ports[1])];
    await network.enact(network.world);
    await witnessedAt(app, 1);
  });

  it('goes on without a witness on the word of two operators, which becomes a leaf', async () => {
    const operators = [generateSigningKey(), generateSigningKey()];
    const first = await network.startInForce(settings());
    await witnessedAt(first, 1);
    await first.close();
    await Promise.all(witnesses.map((witness) => witness.close()));
    witnesses = [];
    const { size } = await network.head();
    network.trustOperators(operators.map((key) => ({ ...publicJwk(key), kid: key.kid })));
    const payload = { log: network.noteKey.name, size, ts: Date.now() };
    const approve = (key: PrivateJwk) => signDocument('kerege-start+jwt', payload, jwkSigner(key));
    const file = join(network.directory, 'approval');
    writeFileSync(file, await approve(operators[0]!));
    const app = await network.start({ ...settings(), startApproval: file });
    await saysNotReady(app, 'witnesses-silent');
    writeFileSync(file, (await Promise.all(operators.map(approve))).join('\n'));
    await eventually(async () => (await network.head()).size > size, WAIT);
    const leaf = (await network.leaves())[size]!;
    expect(JSON.parse(Buffer.from(leaf.body.toString().split('.')[1]!, 'base64url').toString())).toMatchObject({
      t: 'log.unwitnessed',
      n: size,
    });
    await network.stampAndWait(await network.requested());
  });
});
