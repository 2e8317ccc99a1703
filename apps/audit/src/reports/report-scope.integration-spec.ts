import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import type { SubsystemId } from '#kernel';
import { openDatabase, type Database } from '#postgres';
import { createDatabase, type TestDatabase } from '#testing';
import type { AccessLog } from '../access-log/access-log.service.js';
import type { LeafEntry } from '../leaf-index/leaf-entry.js';
import { LeafIndexStore } from '../leaf-index/leaf-index.store.js';
import { migrations } from '../migrations/index.js';
import type { Reader } from '../reader-auth/reader.js';
import { uuidText } from '../search/found-leaf.js';
import { REPORTS, ReportsService, type ReportName, type ReportRow } from './reports.service.js';
import { ReportsStore } from './reports.store.js';

/** No report lets a member see another's exchange, nor leaves out one of theirs: PostgreSQL's joins beside plain loops. */
jest.setTimeout(120_000);

const LOG = 1;
const DAY_MS = 86_400_000;
const SUBSYSTEMS = ['T/GOV/1/a', 'T/GOV/1/b', 'T/GOV/2/a', 'T/GOV/12/a'];
const XIDS = Array.from({ length: 5 }, (_, at) => Buffer.alloc(16, at + 1));
const KINDS = ['requested', 'requested', 'answered', 'answered', 'failed', 'failed', 'refused', 'conflict'] as const;

const anyLeaf = fc.record({
  kind: fc.constantFrom(...KINDS),
  xid: fc.constantFrom(...XIDS),
  atMs: fc.integer({ min: 0, max: 4 * DAY_MS }),
  consumer: fc.constantFrom(...SUBSYSTEMS),
  provider: fc.constantFrom(...SUBSYSTEMS),
  status: fc.constantFrom(200, 404),
  slot: fc.constantFrom('c1', 'c1', 'b1', 'p1'),
  side: fc.option(fc.constantFrom('bus', 'provider'), { nil: null }),
  reason: fc.constantFrom('agency-timeout', 'no-receipt'),
  /** Which of the first requests it speaks of, and whether it names that one's parties or its own. */
  of: fc.nat(4),
  isOfSameParties: fc.constantFrom(true, true, true, false),
});
type DrawnLeaf = typeof anyLeaf extends fc.Arbitrary<infer Leaf> ? Leaf : never;

/** What only one kind of leaf has. */
function endOf({ kind, status, reason, side }: DrawnLeaf): Pick<LeafEntry, 'status' | 'reason' | 'side'> {
  return {
    status: kind === 'answered' ? status : null,
    reason: ['failed', 'refused'].includes(kind) ? reason : null,
    side: kind === 'failed' ? side : null,
  };
}

function entriesOf(drawn: readonly DrawnLeaf[]): LeafEntry[] {
  const requests: LeafEntry[] = [];
  return drawn.map((leaf, index) => {
    const before = requests[leaf.of % Math.max(1, requests.length)];
    const isSequel = ['answered', 'failed'].includes(leaf.kind) && before !== undefined;
    const { consumer, provider } = isSequel && leaf.isOfSameParties ? before : leaf;
    const entry: LeafEntry = {
      ...endOf(leaf),
      index,
      type: `exchange.${leaf.kind}`,
      xid: isSequel ? before.xid : leaf.xid,
      atMs: leaf.atMs,
      slot: leaf.kind === 'requested' ? 'c0' : leaf.slot,
      signer: 'x',
      consumer,
      consumerMember: null,
      provider,
      providerMember: null,
      service: `${provider ?? ''}/s`,
      endpoint: null,
      purpose: null,
      legalBasis: null,
      count: null,
      ref: leaf.kind === 'conflict' ? uuidText(leaf.xid) : null,
      prev: isSequel ? before.hash : null,
      hash: Buffer.alloc(32, index),
    };
    if (leaf.kind === 'requested') requests.push(entry);
    return entry;
  });
}

interface Range {
  readonly fromMs: number;
  readonly untilMs: number;
}

const follows = (leaf: LeafEntry, request: LeafEntry) =>
  leaf.prev !== null &&
  leaf.prev.equals(request.hash) &&
  leaf.xid.equals(request.xid) &&
  leaf.consumer === request.consumer &&
  leaf.provider === request.provider;

/** What a careful clerk would write who has a list of all leaves, and whose leaves a reader may hear of. */
function naive(all: readonly LeafEntry[], reader: Reader, report: ReportName, { fromMs, untilMs }: Range): ReportRow[] {
  const inRange = all.filter(({ atMs }) => atMs >= fromMs && atMs < untilMs);
  const own = inRange.filter((leaf) => reader.role === 'auditor' || [leaf.consumer, leaf.provider].includes(reader.id));
  if (report === 'faults') return faultsOf(own);
  const rows: ReportRow[] = [];
  for (const request of own.filter(({ type }) => type === 'exchange.requested')) {
    const { xid, atMs, consumer, provider, service, index } = request;
    const row: ReportRow = {
      exchange: uuidText(xid),
      at: new Date(atMs).toISOString(),
      consumer: consumer ?? '',
      provider: provider ?? '',
      service: service ?? '',
      requested: index,
    };
    const sequels = all.filter((leaf) => follows(leaf, request));
    if (report === 'unanswered' && sequels.length === 0) rows.push(row);
    if (report === 'conflicts') rows.push(...toldTwice(all, row));
    if (report === 'disowned' || report === 'late') rows.push(...endedTwice(row, sequels, report));
  }
  return rows;
}

function toldTwice(all: readonly LeafEntry[], row: ReportRow): ReportRow[] {
  return all
    .filter(({ type, ref }) => type === 'exchange.conflict' && ref === row.exchange)
    .map(({ index }) => ({ ...row, failed: index, reason: 'told-twice' }));
}

function endedTwice(row: ReportRow, sequels: readonly LeafEntry[], report: 'disowned' | 'late'): ReportRow[] {
  const rows: ReportRow[] = [];
  for (const answered of sequels.filter(({ type }) => type === 'exchange.answered'))
    for (const failed of sequels.filter(({ type }) => type === 'exchange.failed')) {
      const isDisowned = failed.slot === 'c1' && answered.status === 200;
      const isLate = failed.slot !== 'p1' && answered.index > failed.index;
      if (report === 'disowned' ? isDisowned : isLate)
        rows.push({ ...row, answered: answered.index, failed: failed.index, reason: failed.reason ?? '' });
    }
  return rows;
}

function faultsOf(own: readonly LeafEntry[]): ReportRow[] {
  const faults = own.filter(({ type }) => type === 'exchange.failed' || type === 'exchange.refused');
  const groups = Map.groupBy(faults, ({ atMs, side, reason }) => {
    return `${new Date(atMs).toISOString().slice(0, 10)} ${side ?? 'consumer'} ${reason ?? ''}`;
  });
  return Array.from(groups, ([key, leaves]) => {
    const [day = '', side = '', reason = ''] = key.split(' ');
    return { day, side, reason, number: leaves.length };
  });
}

/** Rows of one request are in no order among themselves. */
const sorted = (rows: readonly ReportRow[]) =>
  rows.map((row) => JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)))).sort();

let own: TestDatabase;
let database: Database;
let reports: ReportsService;
beforeAll(async () => {
  own = await createDatabase();
  database = await openDatabase({ url: own.url, schema: 'audit', migrations, poolSize: 2 });
  const access: Pick<AccessLog, 'record'> = { record: () => Promise.resolve({ id: '', leaf: 0, log: '', salt: '' }) };
  reports = new ReportsService({
    store: new ReportsStore(database, LOG),
    index: new LeafIndexStore(database, LOG),
    access,
  });
});
afterAll(async () => {
  await database.close();
  await own.drop();
});

describe('a report', () => {
  it('names what a clerk would name of the reader’s own exchanges, and of no others', async () => {
    const seen = new Map<ReportName, number>();
    const questions = fc.array(
      fc.record({
        id: fc.constantFrom(...SUBSYSTEMS),
        isAuditor: fc.boolean(),
        fromDay: fc.integer({ min: 0, max: 2 }),
        days: fc.integer({ min: 1, max: 4 }),
      }),
      { minLength: 3, maxLength: 3 },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(anyLeaf, { minLength: 30, maxLength: 70 }), questions, async (drawn, asked) => {
        const all = entriesOf(drawn);
        await database.query('TRUNCATE leaf_index');
        await new LeafIndexStore(database, LOG).write(all);
        for (const { id, isAuditor, fromDay, days } of asked)
          for (const report of REPORTS) {
            const reader: Reader = { id: id as SubsystemId, role: isAuditor ? 'auditor' : 'member' };
            const range = { fromMs: fromDay * DAY_MS, untilMs: (fromDay + days) * DAY_MS };
            const wanted = naive(all, reader, report, range);
            seen.set(report, (seen.get(report) ?? 0) + (isAuditor ? 0 : wanted.length));
            const { rows } = await reports.report(reader, { report, ...range });
            expect({ report, rows: sorted(rows) }).toEqual({ report, rows: sorted(wanted) });
          }
      }),
      { numRuns: 20 },
    );
    // Members' reports in which nothing stands would prove nothing.
    for (const report of REPORTS) expect({ report, seen: (seen.get(report) ?? 0) > 5 }).toEqual({ report, seen: true });
  });
});
