import type { AccessLog, AccessRecord } from '../access-log/access-log.service.js';
import type { LeafIndexStore } from '../leaf-index/leaf-index.store.js';
import type { Reader } from '../reader-auth/reader.js';
import { uuidText } from '../search/found-leaf.js';
import { spellQuery } from '../search/leaf-query.js';
import { searchErrors } from '../search/search.errors.js';
import { requireFullScope } from '../search/search.service.js';
import type { DayOfFaults, ReportedExchange, ReportRange, ReportsStore } from './reports.store.js';

export const REPORTS = ['unanswered', 'disowned', 'late', 'conflicts', 'faults'] as const;
export type ReportName = (typeof REPORTS)[number];

export interface ReportWanted {
  readonly report: ReportName;
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface ReportRow extends Partial<Omit<ReportedExchange, 'xid' | 'at'>>, Partial<DayOfFaults> {
  readonly exchange?: string;
  readonly at?: string;
}

export interface Report {
  readonly rows: readonly ReportRow[];
  /** Whether there are more rows than these. */
  readonly truncated: boolean;
  readonly indexedTo: number;
  readonly access: AccessRecord;
}

export interface ReportsParts {
  readonly store: ReportsStore;
  readonly index: Pick<LeafIndexStore, 'indexedTo'>;
  readonly access: Pick<AccessLog, 'record'>;
}

const DAY_MS = 86_400_000;
export const LONGEST_DAYS = 31;
const MAX_ROWS = 1_000;
const MAX_AT_ONCE = 2;

/** What does not add up in a range of days: for members among their own exchanges, for auditors among all. */
export class ReportsService {
  /** Reports under way, each of which may read a month of the index; written by `report`. */
  private underWay = 0;

  constructor(private readonly parts: ReportsParts) {}

  async report(reader: Reader, { report, fromMs, untilMs }: ReportWanted): Promise<Report> {
    const { party } = requireFullScope(reader, { from: fromMs, until: untilMs });
    if (untilMs - fromMs > LONGEST_DAYS * DAY_MS) throw searchErrors.error('range-invalid');
    if (this.underWay >= MAX_AT_ONCE) throw searchErrors.error('reading-busy');
    this.underWay += 1;
    try {
      const query = spellQuery({ report, from: fromMs, until: untilMs });
      const access = await this.parts.access.record({ reader: reader.id, act: 'reported', query });
      const indexedTo = await this.parts.index.indexedTo();
      const rows = await this.rows(report, { fromMs, untilMs, party, limit: MAX_ROWS + 1 });
      return { rows: rows.slice(0, MAX_ROWS), truncated: rows.length > MAX_ROWS, indexedTo, access };
    } finally {
      this.underWay -= 1;
    }
  }

  private async rows(report: ReportName, range: ReportRange): Promise<ReportRow[]> {
    const { store } = this.parts;
    if (report === 'faults') return store.faults(range);
    const exchanges = await store[report](range);
    return exchanges.map(({ xid, at, ...same }) => ({
      exchange: uuidText(xid),
      at: new Date(at).toISOString(),
      ...same,
    }));
  }
}
