import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { createLogger, type RunningApp } from '#platform';
import type { Statement } from '#signing';
import { topicSpecsOf } from '#snapshot';
import { eventually, isolatedBus, testBus, uniqueName } from '#testing';
import { openNote, parseTlogProof } from '#tlog';
import type { AuditConfig } from '../../apps/audit/src/audit.config.js';
import type { RunningWitness } from '../../apps/sandbox/src/witness/witness.module.js';
import { AuditNetwork } from './audit-network.js';
import { askToCosign, rewriteLeaf } from './rewritten-log.js';
import { LOG, verifiedAgainst } from './verified-against.js';
import { openBy, startWitnessOf } from './witness-lab.js';

/**
 * Somebody with root and the log's key has rewritten one old leaf and signed everything again. Of those who remember the
 * log as it was, each alone catches it: here nobody else is left.
 */
jest.setTimeout(120_000);
const WAIT = { timeoutMs: 30_000 };

let network: AuditNetwork;
const closing: (() => Promise<void>)[] = [];
beforeEach(async () => {
  network = await AuditNetwork.create();
});
afterEach(async () => {
  await network.close();
  for (const close of closing.splice(0).reverse()) await close();
});

/** A leaf, and then another that makes it an old one, of which the app has published the checkpoint. */
async function twoLeaves(app: RunningApp): Promise<{ old: Statement; index: number; size: number }> {
  const old = await network.requested();
  const { leaf } = await network.stampAndWait(old);
  await network.stampAndWait(await network.requested());
  const { size } = await network.head();
  await eventually(async () => {
    const opened = openNote(await (await fetch(`${app.url}/${LOG}/checkpoint`)).text(), [network.noteKey]);
    return opened.ok && opened.value.size === size;
  }, WAIT);
  return { old, index: Number(leaf.index), size };
}

/** Topics that remember nothing. */
async function freshBus() {
  const bus = isolatedBus(await testBus(), uniqueName('rewritten'));
  closing.push(() => bus.close());
  await bus.ensureTopics(topicSpecsOf(network.world.snapshot));
  return bus;
}

/** Starts audit again, which must refuse, and returns whose memory it names. Nothing was stamped then. */
async function refusedBy(settings: Partial<AuditConfig>, deps: Parameters<AuditNetwork['start']>[1]): Promise<unknown> {
  const before = await network.head();
  const lines: string[] = [];
  const logger = createLogger('spec', { destination: { write: (line) => void lines.push(line) } });
  const app = await network.start(settings, { ...deps, logger });
  await eventually(async () => (await (await fetch(`${app.url}/ready`)).text()).includes('log-forked'), WAIT);
  expect(await network.head()).toMatchObject({ size: before.size, note: before.note });
  const alarms = lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ alarm }) => alarm === 'log-forked');
  expect(alarms).toHaveLength(1);
  return alarms[0]?.['source'];
}

it('the checkpoint topic: audit does not start on it', async () => {
  const first = await network.startInForce();
  const { index } = await twoLeaves(first);
  await first.close();
  await rewriteLeaf(network, index);
  expect(await refusedBy({}, {})).toBe('checkpoint-topic');
});

it('the checkpoint of the export: audit does not start on it, and leaves the export as it is', async () => {
  const exportDir = join(network.directory, 'export');
  const first = await network.startInForce({ exportDir });
  const { index, size } = await twoLeaves(first);
  const file = join(exportDir, LOG, 'checkpoint');
  await eventually(() => {
    const opened = openNote(readFileSync(file), [network.noteKey]);
    return opened.ok && opened.value.size === size;
  }, WAIT);
  await first.close();
  const before = readFileSync(file, 'utf8');
  await rewriteLeaf(network, index);
  expect(await refusedBy({ exportDir, acceptNewTopic: true }, { bus: await freshBus() })).toBe('export');
  expect(readFileSync(file, 'utf8')).toBe(before);
});

it('an honest witness: audit does not start on it, and whoever goes round audit gets no cosignature', async () => {
  const witness: RunningWitness = await startWitnessOf(network, 1);
  closing.push(() => witness.close());
  const lines = [`witness w1 ${witness.vkey}`, 'quorum w1'];
  network.trustWitnesses(lines);
  const settings = { witnesses: [`w1=${witness.url}`] };
  const first = await network.startInForce(settings);
  const { index, size } = await twoLeaves(first);
  await eventually(async () => {
    const opened = openBy(network, lines, await (await fetch(`${first.url}/${LOG}/checkpoint`)).text());
    return opened.isWitnessed && opened.checkpoint.size === size;
  }, WAIT);
  await first.close();
  const ask = async (from: number, more: number) => {
    const body = await askToCosign(network, from, size + more);
    const answer = await fetch(`${witness.url}/add-checkpoint`, { method: 'POST', body });
    return { status: answer.status, text: await answer.text() };
  };
  expect(await ask(size, 0)).toMatchObject({ status: 200 });
  await rewriteLeaf(network, index);
  // As a log of which nothing was cosigned; of its size with another root; with a proof from a tree that it never saw.
  expect(await ask(0, 0)).toEqual({ status: 409, text: `${size}\n` });
  expect((await ask(size, 0)).status).toBe(422);
  expect((await ask(size, 1)).status).toBe(422);
  expect(await refusedBy({ ...settings, acceptNewTopic: true }, { bus: await freshBus() })).toBe('w1.test.example');
});

it('an old receipt: kerege verify-log finds that the log does not continue its checkpoint', async () => {
  const first = await network.startInForce();
  const { old, index } = await twoLeaves(first);
  const kept = parseTlogProof(await (await fetch(`${first.url}/receipts/${old.payload.id}`)).text());
  if (!kept.ok) throw new TypeError(kept.reason);
  await first.close();
  const verify = (app: RunningApp) => verifiedAgainst(network, app, kept.value.checkpoint);
  const again = await network.start();
  expect(await verify(again)).toEqual({ code: 0, findings: [] });
  await again.close();
  await rewriteLeaf(network, index);
  // With new topics and no witnesses audit itself notices nothing: its tables agree with each other.
  const rewritten = await network.start({ acceptNewTopic: true }, { bus: await freshBus() });
  expect(await verify(rewritten)).toEqual({ code: 1, findings: ['log-forked'] });
});
