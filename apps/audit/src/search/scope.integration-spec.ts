import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { systemClock, type SubsystemId } from '#kernel';
import { openDatabase, type Database } from '#postgres';
import { createDatabase, type TestDatabase } from '#testing';
import type { AccessLog } from '../access-log/access-log.service.js';
import type { ServedLog } from '../discovery/served-log.js';
import { ExportsService } from '../exports/exports.service.js';
import type { LeafEntry } from '../leaf-index/leaf-entry.js';
import { LeafIndexStore } from '../leaf-index/leaf-index.store.js';
import type { LogReaderStore } from '../log-reader.store.js';
import { migrations } from '../migrations/index.js';
import { PackagesService } from '../packages/packages.service.js';
import { BatchProofsService } from '../proofs/batch-proofs.service.js';
import type { ProofsService } from '../proofs/proofs.service.js';
import type { Reader, ReaderRole } from '../reader-auth/reader.js';
import { CursorKeyStore } from './cursor-key.store.js';
import { uuidText } from './found-leaf.js';
import type { LeafFilter } from './leaf-query.js';
import { SearchService, type SearchPage } from './search.service.js';
import { SearchStore } from './search.store.js';

/**
 * No filter, cursor or id lets a member see another's exchange, and nobody misses a leaf of theirs: random leaves and
 * questions, answered by PostgreSQL and by a filter over an array.
 */
jest.setTimeout(120_000);

const LOG = 1;
const SUBSYSTEMS = ['T/GOV/1/a', 'T/GOV/1/b', 'T/GOV/2/a', 'T/COM/2/a', 'T/GOV/12/a'];
const MEMBERS = ['T/GOV/1', 'T/GOV/2', 'T/COM/2'];
const XIDS = Array.from({ length: 6 }, (_, at) => Buffer.alloc(16, at + 1));
const TYPES = ['exchange.requested', 'exchange.answered', 'exchange.failed', 'access.searched', 'registry.manifest'];
const REASONS = ['agency-timeout', 'no-receipt'];
const SIDES = ['bus', 'provider'];
const PURPOSES = ['treatment', 'audit'];

const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: null });
const memberOf = (id: string | null) => id?.split('/').slice(0, 3).join('/') ?? null;

const anyEntry = fc
  .record({
    type: fc.constantFrom(...TYPES),
    xid: fc.constantFrom(...XIDS),
    atMs: fc.integer({ min: 1_000, max: 1_020 }),
    consumer: maybe(fc.constantFrom(...SUBSYSTEMS)),
    provider: maybe(fc.constantFrom(...SUBSYSTEMS)),
    purpose: maybe(fc.constantFrom(...PURPOSES)),
    status: maybe(fc.constantFrom(200, 204, 404, 503)),
    reason: maybe(fc.constantFrom(...REASONS)),
    side: maybe(fc.constantFrom(...SIDES)),
  })
  .map((fields) => ({ ...fields, service: fields.provider === null ? null : `${fields.provider}/s` }));

type DrawnEntry = typeof anyEntry extends fc.Arbitrary<infer Entry> ? Entry : never;

const party = fc.constantFrom(...SUBSYSTEMS, ...MEMBERS);
const anyFilter: fc.Arbitrary<LeafFilter> = fc.record(
  {
    from: fc.integer({ min: 995, max: 1_010 }),
    until: fc.integer({ min: 1_011, max: 1_025 }),
    party,
    consumer: party,
    provider: party,
    service: fc.constantFrom(...SUBSYSTEMS.map((id) => `${id}/s`)),
    type: fc.constantFrom(...TYPES),
    statusClass: fc.constantFrom(2, 4, 5),
    reason: fc.constantFrom(...REASONS),
    side: fc.constantFrom(...SIDES),
    exchange: fc.constantFrom(...XIDS.map(uuidText)),
    purpose: fc.constantFrom(...PURPOSES),
  },
  { requiredKeys: [] },
);
/** Most questions name few things, or everything would be empty. */
const someFilter = fc
  .tuple(anyFilter, fc.integer({ min: 0, max: 3 }), fc.nat(11))
  .map(([filter, most, turn]): LeafFilter => {
    const names = Object.entries(filter);
    return Object.fromEntries([...names.slice(turn), ...names.slice(0, turn)].slice(0, most));
  });

/** What a careful clerk would do with a list of all leaves. */
function naive(all: readonly LeafEntry[], reader: Reader, filter: LeafFilter): LeafEntry[] {
  const is = (id: string | undefined, subsystem: string | null) =>
    id === undefined || (subsystem !== null && (subsystem === id || subsystem.startsWith(`${id}/`)));
  const same = (wanted: unknown, value: unknown) => wanted === undefined || wanted === value;
  return all
    .filter((leaf) => reader.role === 'auditor' || leaf.consumer === reader.id || leaf.provider === reader.id)
    .filter((leaf) => leaf.atMs >= (filter.from ?? 0) && leaf.atMs < (filter.until ?? Infinity))
    .filter((leaf) => is(filter.consumer, leaf.consumer) && is(filter.provider, leaf.provider))
    .filter(({ consumer, provider }) => is(filter.party, consumer) || is(filter.party, provider))
    .filter((leaf) => same(filter.service, leaf.service) && same(filter.type, leaf.type))
    .filter((leaf) => same(filter.reason, leaf.reason) && same(filter.side, leaf.side))
    .filter((leaf) => same(filter.purpose, leaf.purpose) && same(filter.exchange, uuidText(leaf.xid)))
    .filter(({ status }) => same(filter.statusClass, status === null ? null : Math.floor(status / 100)))
    .sort((a, b) => b.atMs - a.atMs || b.index - a.index);
}

let own: TestDatabase;
let database: Database;
let searches: SearchService;
let batches: BatchProofsService;
let exported: ExportsService;
let packages: PackagesService;
/** Leaves of the last package, whose proofs it asked for; written by `proofs`. */
let packed: readonly number[] = [];

beforeAll(async () => {
  own = await createDatabase();
  database = await openDatabase({ url: own.url, schema: 'audit', migrations, poolSize: 2 });
  const store = new SearchStore(database, LOG);
  const index = new LeafIndexStore(database, LOG);
  const cursorKey = new CursorKeyStore(database);
  const access: Pick<AccessLog, 'record'> = { record: () => Promise.resolve({ id: '', leaf: 0, log: '', salt: '' }) };
  searches = new SearchService({ log: 'T/0/2026h2', store, index, cursorKey, access });
  const log = { bodiesOf: () => Promise.resolve(new Map<number, Buffer>()) };
  exported = new ExportsService({ store, log, logId: LOG, index, cursorKey, access, maxLeaves: 1_000 });
  // Proofs are another spec's: here every leaf that is asked for has one.
  const proofs = {
    proveAll: (indices: readonly number[]) => {
      packed = indices;
      const leaves = new Map(indices.map((at) => [at, { leaf: '', proof: '' }]));
      return Promise.resolve({ size: 1_000, checkpoint: '', leaves });
    },
  } as unknown as ProofsService;
  batches = new BatchProofsService({ store, proofs, access });
  const bare = {
    manifestsBefore: () => Promise.resolve(new Map()),
    anchorsCovering: () => Promise.resolve([]),
  } as unknown as LogReaderStore;
  const served = { logId: LOG, origin: 'T/0/2026h2' } as ServedLog;
  packages = new PackagesService({ store, log: bare, served, index, proofs, access, clock: systemClock });
});
afterAll(async () => {
  await database.close();
  await own.drop();
});

/** Puts these leaves, and no others, into the index. */
async function layLeaves(drawn: readonly DrawnEntry[]): Promise<LeafEntry[]> {
  const entries = drawn.map((fields, index): LeafEntry => ({
    ...fields,
    index,
    slot: 'c0',
    signer: 'x',
    consumerMember: memberOf(fields.consumer),
    providerMember: memberOf(fields.provider),
    endpoint: null,
    legalBasis: null,
    count: null,
    ref: null,
    prev: null,
    hash: Buffer.alloc(32, index),
  }));
  await database.query('TRUNCATE leaf_index, leaf_index_cursor');
  await new LeafIndexStore(database, LOG).write(entries);
  await database.query('INSERT INTO leaf_index_cursor (log_id, idx) VALUES ($1, $2)', [LOG, entries.length]);
  return entries;
}

async function allPages(reader: Reader, filter: LeafFilter, limit: number): Promise<number[]> {
  const found: number[] = [];
  let cursor: string | undefined;
  do {
    const page: SearchPage = await searches.search(reader, { filter, limit, cursor });
    found.push(...page.leaves.map((leaf) => leaf.index));
    cursor = page.next;
  } while (cursor !== undefined);
  return found;
}

const readerOf = (id: string, role: ReaderRole): Reader => ({ id: id as SubsystemId, role });
const leavesDrawn = fc.array(anyEntry, { minLength: 20, maxLength: 60 });
const questions = fc.array(
  fc.record({
    reader: fc.record({
      id: fc.constantFrom(...SUBSYSTEMS),
      role: fc.constantFrom<ReaderRole>('member', 'member', 'member', 'auditor'),
    }),
    filter: someFilter,
    limit: fc.integer({ min: 1, max: 12 }),
  }),
  { minLength: 12, maxLength: 12 },
);

describe('what a reader finds', () => {
  it('is what a filter over all leaves finds within its scope, page by page, in order', async () => {
    let seen = 0;
    await fc.assert(
      fc.asyncProperty(leavesDrawn, questions, async (drawn, asked) => {
        const all = await layLeaves(drawn);
        for (const { reader, filter, limit } of asked) {
          const wanted = naive(all, readerOf(reader.id, reader.role), filter).map((leaf) => leaf.index);
          seen += wanted.length;
          expect(await allPages(readerOf(reader.id, reader.role), filter, limit)).toEqual(wanted);
        }
      }),
      { numRuns: 30 },
    );
    // Questions that nothing answers would prove nothing.
    expect(seen).toBeGreaterThan(500);
  });

  it('is the same in an export', async () => {
    await fc.assert(
      fc.asyncProperty(leavesDrawn, questions, async (drawn, asked) => {
        const all = await layLeaves(drawn);
        for (const { reader, filter } of asked.slice(0, 4)) {
          const as = readerOf(reader.id, reader.role);
          const { lines, close } = await exported.start(as, { filter, format: 'jsonl', cursor: undefined });
          let text = '';
          for await (const part of lines) text += part;
          close();
          const found = text
            .trim()
            .split('\n')
            .map((line): unknown => JSON.parse(line));
          const wanted = naive(all, as, filter);
          expect(found.at(-1)).toEqual({ end: { leaves: wanted.length } });
          expect(found.slice(0, -1)).toMatchObject(wanted.map(({ index }) => ({ index })));
        }
      }),
      { numRuns: 10 },
    );
  });

  it('by id or index is nothing of others, and cannot be told from what is not there', async () => {
    await fc.assert(
      fc.asyncProperty(leavesDrawn, fc.constantFrom(...SUBSYSTEMS), async (drawn, id) => {
        const all = await layLeaves(drawn);
        const exchanges = XIDS.map(uuidText);
        const indices = [...all.map((leaf) => leaf.index).slice(0, 60), 5_000];
        const reader = readerOf(id, 'member');
        const { proofs, missing } = await batches.prove(reader, { exchanges, indices });
        const wanted = naive(all, reader, {})
          .map((leaf) => leaf.index)
          .sort((a, b) => a - b);
        expect(proofs.map((proof) => proof.index)).toEqual(wanted);
        expect(missing.indices).toEqual(indices.filter((index) => !wanted.includes(index)));
      }),
      { numRuns: 20 },
    );
  });

  it('is what an evidence package holds, or there is none', async () => {
    await fc.assert(
      fc.asyncProperty(leavesDrawn, questions, async (drawn, asked) => {
        const all = await layLeaves(drawn);
        for (const { reader, filter } of asked.slice(0, 4)) {
          const as = readerOf(reader.id, reader.role);
          const wanted = naive(all, as, filter).map((leaf) => leaf.index);
          const outcome = await packages.build(as, filter).then(
            async ({ stream }) => ((await buffer(stream)).length > 0 ? packed : []),
            (cause: unknown) => cause,
          );
          const packable = [...wanted].sort((a, b) => a - b);
          expect(outcome).toEqual(wanted.length > 0 ? packable : expect.objectContaining({ code: 'package-empty' }));
        }
      }),
      { numRuns: 10 },
    );
  });

  it('does not depend on another’s cursor: it is refused', async () => {
    await layLeaves(fc.sample(anyEntry, 60));
    const auditor = readerOf('T/GOV/1/a', 'auditor');
    const { next } = await searches.search(auditor, { filter: {}, limit: 5, cursor: undefined });
    expect(next).toBeDefined();
    const others: [Reader, LeafFilter][] = [
      [readerOf('T/GOV/2/a', 'member'), {}],
      [auditor, { type: 'exchange.answered' }],
      [auditor, { from: 1 }],
    ];
    for (const [reader, filter] of others)
      await expect(searches.search(reader, { filter, limit: 5, cursor: next })).rejects.toMatchObject({
        code: 'cursor-invalid',
      });
    // The same name as a member has the member's scope, whatever its cursor says.
    const asMember = await searches.search(readerOf('T/GOV/1/a', 'member'), { filter: {}, limit: 500, cursor: next });
    for (const leaf of asMember.leaves) expect([leaf.consumer, leaf.provider]).toContain('T/GOV/1/a');
  });

  it('stays the state of the first page while the log grows', async () => {
    const all = await layLeaves(fc.sample(anyEntry, 40));
    const auditor = readerOf('T/GOV/1/a', 'auditor');
    const first = await searches.search(auditor, { filter: {}, limit: 10, cursor: undefined });
    const later: LeafEntry = { ...all[0]!, index: 40, atMs: 1 };
    await new LeafIndexStore(database, LOG).write([later]);
    await database.query('UPDATE leaf_index_cursor SET idx = 41 WHERE log_id = $1', [LOG]);
    const rest = await searches.search(auditor, { filter: {}, limit: 100, cursor: first.next });
    expect(rest.leaves.map((leaf) => leaf.index)).not.toContain(40);
    expect(rest.indexedTo).toBe(40);
    expect(await allPages(auditor, {}, 100)).toContain(40);
  });
});

describe('what the help desk finds', () => {
  it('is how one exchange ended, and not who asked whom why', async () => {
    const all = await layLeaves(fc.sample(anyEntry, 40));
    const desk = readerOf('T/GOV/1/b', 'help-desk');
    const exchange = uuidText(all[0]!.xid);
    const { leaves } = await searches.search(desk, { filter: { exchange }, limit: 100, cursor: undefined });
    expect(leaves).toHaveLength(naive(all, readerOf('', 'auditor'), { exchange }).length);
    const shown = new Set(leaves.flatMap((leaf) => Object.keys(leaf)));
    for (const name of shown)
      expect(['index', 'type', 'exchange', 'at', 'slot', 'status', 'reason', 'side']).toContain(name);
  });

  it('is nothing by any other question', async () => {
    const desk = readerOf('T/GOV/1/b', 'help-desk');
    for (const filter of [{}, { party: 'T/GOV/1' }, { exchange: uuidText(XIDS[0]!), from: 1 }])
      await expect(searches.search(desk, { filter, limit: 1, cursor: undefined })).rejects.toMatchObject({
        code: 'search-exchange-only',
      });
    await expect(batches.prove(desk, { exchanges: [], indices: [1] })).rejects.toMatchObject({
      code: 'reading-not-yours',
    });
    const start = exported.start(desk, { filter: {}, format: 'csv', cursor: undefined });
    await expect(start).rejects.toMatchObject({ code: 'reading-not-yours' });
  });
});
