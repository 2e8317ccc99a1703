import { jest } from '@jest/globals';
import { eventually } from '#testing';
import { leavesOf } from '../harness/accounts.js';
import { startFaultBus, type FaultBus } from '../harness/fault-bus.js';
import { produceTo, publicationOf, sql, stampOf } from '../harness/steps.js';
import { LogReader } from '../ledger/log-reader.js';
import { rootsAt } from '../ledger/tree.js';
import { storyOf, view, viewByClinic } from './spec-support/scene.js';

jest.setTimeout(300_000);

// Not in the time of this spec: a renewal takes the same steps as the change that a row is about.
const env = { registry: { KEREGE_REGISTRY_RENEW_EVERY_MS: '480000' } };

let bus: FaultBus;
beforeAll(async () => void (bus = await startFaultBus({ env, serviceTimeoutMs: 60_000 })));
afterAll(() => bus.end());

const appended = sql(/^WITH that AS \( UPDATE log_head/);
const ONCE = { told: 'answered 200', calls: ['population'], leaves: ['requested', 'answered'] };

describe('the sequencer (bus.md §7)', () => {
  /** Heads that were shown before the crash belong to the log that stands after it. */
  async function isOneLog(before: { size: number; root: string }): Promise<void> {
    const copy = await (await LogReader.find(bus.instance.auditUrl)).copy();
    const hashes = copy?.leaves.map(({ hash }) => Buffer.from(hash, 'base64url')) ?? [];
    const roots = rootsAt(hashes, [before.size, hashes.length]);
    expect([roots.get(before.size), roots.get(hashes.length)]).toEqual([before.root, copy?.head.root]);
    expect(new Set(copy?.leaves.map(({ hash }) => hash)).size).toBe(hashes.length);
  }
  const headNow = async () => {
    const head = await (await LogReader.find(bus.instance.auditUrl)).head();
    return head ?? { size: 0, root: '' };
  };

  it.each([
    ['killed before its commit: the records are read again, and the exchange succeeds', 'before'],
    [
      'killed after its commit, receipts not sent: stamps that come again get receipts of the leaves that stand',
      'after',
    ],
  ] as const)('%s', async (_title, moment) => {
    const head = await headNow();
    const dead = bus.killAt('audit', appended, moment);
    const telling = view(bus);
    await dead;
    await bus.bringBack('audit');
    expect(await storyOf(bus, await telling)).toEqual(ONCE);
    await isOneLog(head);
  });

  it.each([
    ['the commit, without effect', appended, 'before', 1],
    ['the commit, with its effect', appended, 'after', 1],
    ['the receipts, for good, without effect', produceTo('reply.'), 'before', 3],
    ['the receipts, for good, with their effect', produceTo('reply.'), 'after', 3],
  ] as const)('fails at %s: the exchange succeeds all the same', async (_what, step, moment, times) => {
    const head = await headNow();
    const failed = bus.fail('audit', step, moment, times);
    const told = await view(bus);
    await failed;
    expect(await storyOf(bus, told)).toEqual(ONCE);
    await isOneLog(head);
  });
});

describe('the registry (bus.md §7)', () => {
  const snapshotPut = produceTo('registry.snapshot');
  const stamped = stampOf('registry.manifest');
  /** On the topic of the snapshots: the statement that the log has by then. */
  const manifestPut = publicationOf('registry.manifest');
  const logged = sql(/^UPDATE manifest SET state = 'logged'/);
  const published = sql(/^UPDATE manifest SET state = 'published'/);
  const withoutClinic = (yaml: string) => yaml.replace(/ {10}- consumer: COM\/2001\/clinic\n(?: {12}.*\n){4}/, '');
  /** Whether the clinic has its agreement in the definition that was applied last. */
  let isAgreed = true;

  /** Each manifest in the log names the one before it, and no two the same. */
  async function isOneChain(): Promise<void> {
    const manifests = (await leavesOf(bus.instance)).filter(({ t }) => t === 'registry.manifest');
    expect(manifests.map(({ prev }) => prev)).toEqual([undefined, ...manifests.slice(0, -1).map(({ hash }) => hash)]);
  }
  /** What the gateway decides with: the clinic's call passes or does not. */
  const isInForce = async () => ((await viewByClinic(bus)).words === 'answered 200') === isAgreed;

  it.each([
    ['before its snapshot is on the topic', snapshotPut, 'before'],
    ['with its snapshot on the topic, nothing stamped', stamped, 'before'],
    ['with the manifest stamped, not known to be logged', logged, 'before'],
    ['with the manifest known to be logged, not published', logged, 'after'],
    ['with the manifest published, not written down', published, 'before'],
  ] as const)('killed %s: it ends what it began and renews', async (_title, step, moment) => {
    const dead = bus.killAt('registry', step, moment);
    isAgreed = !isAgreed;
    // Its command has nobody to hear from any more.
    const applied = bus.apply(isAgreed ? (yaml) => yaml : withoutClinic).catch(() => undefined);
    await dead;
    expect(await storyOf(bus, await view(bus))).toEqual(ONCE);
    await bus.bringBack('registry');
    await applied;
    await eventually(isInForce, { timeoutMs: 20_000, intervalMs: 200 });
    await isOneChain();
  });

  it.each([
    ['its snapshot, without effect', snapshotPut, 'before'],
    ['its snapshot, with its effect', snapshotPut, 'after'],
    ['the stamp, without effect', stamped, 'before'],
    ['the stamp, with its effect', stamped, 'after'],
    ['what it writes down of the log, without effect', logged, 'before'],
    ['what it writes down of the log, with its effect', logged, 'after'],
    ['the manifest, without effect', manifestPut, 'before'],
    ['the manifest, with its effect', manifestPut, 'after'],
    ['what it writes down of its publication, without effect', published, 'before'],
    ['what it writes down of its publication, with its effect', published, 'after'],
  ] as const)('fails at %s: the change is in force all the same', async (_what, step, moment) => {
    const failed = bus.fail('registry', step, moment, 3);
    isAgreed = !isAgreed;
    await bus.apply(isAgreed ? (yaml) => yaml : withoutClinic);
    await failed;
    await eventually(isInForce, { timeoutMs: 20_000, intervalMs: 200 });
    await isOneChain();
  });
});
