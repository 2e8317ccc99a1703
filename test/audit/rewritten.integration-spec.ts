import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { systemClock } from '#kernel';
import { AuditService, LogWatcher, RememberedNotes } from '#log-watch';
import { eventually, isolatedBus, testBus, uniqueName } from '#testing';
import { topicSpecsOf } from '#snapshot';
import { AuditNetwork } from './audit-network.js';
import { rewriteLeaf } from './rewritten-log.js';

jest.setTimeout(120_000);

let network: AuditNetwork;
let directory: string;
const closing: (() => Promise<void>)[] = [];
beforeEach(async () => {
  network = await AuditNetwork.create();
  directory = mkdtempSync(join(tmpdir(), 'kerege-notes-'));
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await network.close();
  rmSync(directory, { recursive: true });
});

async function watch(url: string): Promise<LogWatcher> {
  const view = new AuditService(url, 3_000);
  const watcher = await LogWatcher.start({
    logs: [network.noteKey],
    policy: undefined,
    view,
    notes: new RememberedNotes(directory),
    clock: systemClock,
    intervalMs: 60_000,
    unwitnessedMs: 600_000,
    alarm: () => undefined,
    failed: () => undefined,
  });
  closing.push(() => watcher.stop());
  return watcher;
}

it.each([
  ['is no larger', 0, 'forked'],
  ['has grown since', 2, 'inconsistent'],
])('a remembered note catches a log that was rewritten and signed again, which %s', async (_what, more, trouble) => {
  const first = await network.startInForce();
  const { leaf } = await network.stampAndWait(await network.requested());
  const watcher = await watch(first.url);
  // Publication is at most once a second: the checkpoint that holds the leaf may still be to come.
  await eventually(
    async () => (await watcher.look()) && watcher.reading().details?.['size'] === Number(leaf.index) + 1,
    { timeoutMs: 15_000 },
  );
  await watcher.look();
  expect(watcher.distrusts()).toBe(false);
  await watcher.stop();
  for (let count = 0; count < more; count += 1) await network.stampAndWait(await network.requested());
  await first.close();
  await rewriteLeaf(network, Number(leaf.index));
  // With new topics and no witnesses the audit service itself notices nothing: its tables agree with each other.
  const bus = isolatedBus(await testBus(), uniqueName('rewritten'));
  closing.push(() => bus.close());
  await bus.ensureTopics(topicSpecsOf(network.world.snapshot));
  const again = await network.start({ acceptNewTopic: true }, { bus });
  const next = await watch(again.url);
  await eventually(async () => {
    await next.look();
    return next.distrusts();
  });
  expect(next.trouble()).toBe(trouble);
});
