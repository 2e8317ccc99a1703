import { leafEntry } from '../../../apps/audit/src/leaf-index/leaf-entry.js';
import { LeafIndexStore } from '../../../apps/audit/src/leaf-index/leaf-index.store.js';
import { uuidText } from '../../../apps/audit/src/search/found-leaf.js';
import type { LeafFilter, Scope } from '../../../apps/audit/src/search/leaf-query.js';
import { SearchStore } from '../../../apps/audit/src/search/search.store.js';
import { closedLoop, round, type Figures } from '../harness/measure.js';
import { Runs, say } from '../harness/report.js';
import type { BenchSettings } from '../harness/settings.js';
import { Workspace } from '../harness/workspace.js';
import { laidLog, type LaidLog } from './laid-log.js';
import { CONSUMERS, DAYS, FROM_MS, LOG_ID, PURPOSES, REASONS, SERVICES } from './lay-statements.js';

const PAGE = 101;
const DAY_MS = 86_400_000;
const CONCURRENCY = 4;

const any = <Value>(values: readonly Value[]): Value => values[Math.floor(Math.random() * values.length)] as Value;
const memberOf = (id: string) => id.split('/').slice(0, 3).join('/');
const providerOf = (service: string) => service.split('/').slice(0, 4).join('/');
const somewhere = () => FROM_MS + Math.floor(Math.random() * DAYS) * DAY_MS;
const day = (from = somewhere()) => ({ from, until: from + DAY_MS });

/** One question of each kind, with values drawn anew for each call; a page is 100 leaves. */
const FILTERS: Readonly<Record<string, (size: number) => LeafFilter>> = {
  nothing: () => ({}),
  day,
  exchange: (size) => ({ exchange: exchangeAt(Math.floor((Math.random() * size) / 2)) }),
  consumer: () => ({ consumer: any(CONSUMERS) }),
  provider: () => ({ provider: providerOf(any(SERVICES)) }),
  member: () => ({ party: memberOf(any(CONSUMERS)) }),
  'member in a day': () => ({ party: memberOf(any(SERVICES)), ...day() }),
  service: () => ({ service: any(SERVICES) }),
  'service in a day': () => ({ service: any(SERVICES), ...day() }),
  purpose: () => ({ purpose: any(PURPOSES) }),
  type: () => ({ type: 'exchange.failed' }),
  'status class': () => ({ statusClass: any([2, 4]) }),
  reason: () => ({ reason: any(REASONS), ...day() }),
  side: () => ({ side: 'provider-system' }),
  'consumer and service': () => ({ consumer: any(CONSUMERS), service: any(SERVICES) }),
};

/** Pages of searches over a million leaves, as the database gives them; without HTTP and the record in the log. */
export function searchBenchmark(settings: BenchSettings): Promise<object> {
  return Workspace.use(async (workspace) => measureSearch(await laidLog(workspace, settings), settings));
}

export async function measureSearch(log: LaidLog, settings: BenchSettings): Promise<object> {
  const indexedPerSecond = await fillIndex(log);
  say(`search: pages of 100 of ${log.size} leaves, ${CONCURRENCY} at a time; ${indexedPerSecond} leaves/s indexed`);
  const store = new SearchStore(log.database, LOG_ID);
  const auditor: Record<string, Figures> = {};
  for (const [name, filter] of Object.entries(FILTERS))
    auditor[name] = await measure(name, settings, () =>
      page(store, log.size, filter(log.size), { party: undefined, shows: 'metadata' }),
    );
  const member = {
    everything: await measure('a member, everything', settings, () => page(store, log.size, {}, ofMember())),
    'service in a day': await measure('a member, a service in a day', settings, () =>
      page(store, log.size, { service: any(SERVICES), ...day() }, ofMember()),
    ),
  };
  return { benchmark: 'search', leaves: log.size, indexedPerSecond, auditor, member };
}

const ofMember = (): Scope => ({ party: any(CONSUMERS), shows: 'metadata' });

function exchangeAt(exchange: number): string {
  const xid = Buffer.alloc(16);
  xid.writeUIntBE(exchange + 1, 0, 6);
  xid[6] = 0x70;
  xid[8] = 0x80;
  return uuidText(xid);
}

async function page(store: SearchStore, below: number, filter: LeafFilter, scope: Scope): Promise<void> {
  await store.page({ filter, scope, below, after: undefined, limit: PAGE });
}

async function measure(name: string, settings: BenchSettings, call: () => Promise<void>): Promise<Figures> {
  const runs = new Runs(name);
  // There are many filters: a third of the time for each.
  const [seconds, warmUpSeconds] = [settings.seconds / 3, settings.warmUpSeconds / 5];
  for (let run = 0; run < settings.runs; run += 1)
    runs.add(await closedLoop({ concurrency: CONCURRENCY, seconds, warmUpSeconds, call }));
  return runs.close();
}

/** As the follower does it, without its rests. */
async function fillIndex({ database, size }: LaidLog): Promise<number> {
  const index = new LeafIndexStore(database, LOG_ID);
  await index.create();
  const startedMs = performance.now();
  while ((await index.advance(1_000, leafEntry)) > 0);
  const seconds = (performance.now() - startedMs) / 1_000;
  await database.query('VACUUM ANALYZE leaf_index');
  return round(size / seconds, 0);
}
