import type { AccessLog, AccessRecord } from '../access-log/access-log.service.js';
import type { LeafIndexStore } from '../leaf-index/leaf-index.store.js';
import type { LogReaderStore } from '../log-reader.store.js';
import type { Reader } from '../reader-auth/reader.js';
import type { CursorKeyStore } from '../search/cursor-key.store.js';
import { openCursor, sealCursor, type Position } from '../search/cursor.js';
import { foundLeaf } from '../search/found-leaf.js';
import { spellQuery, type LeafFilter, type Scope } from '../search/leaf-query.js';
import { searchErrors } from '../search/search.errors.js';
import { requireFullScope } from '../search/search.service.js';
import type { SearchStore } from '../search/search.store.js';
import { exportEnd, exportHead, exportLine, type ExportFormat } from './export-format.js';

export interface ExportWanted {
  readonly filter: LeafFilter;
  readonly format: ExportFormat;
  readonly cursor: string | undefined;
}

export interface StartedExport {
  readonly access: AccessRecord;
  readonly indexedTo: number;
  /** Read as fast as its reader takes it. */
  readonly lines: AsyncIterable<string>;
  /** To be called when the lines are no longer read, for whatever reason; more than once is harmless. */
  readonly close: () => void;
}

export interface ExportsParts {
  readonly store: SearchStore;
  readonly log: Pick<LogReaderStore, 'bodiesOf'>;
  readonly logId: number;
  readonly index: Pick<LeafIndexStore, 'indexedTo'>;
  readonly cursorKey: Pick<CursorKeyStore, 'get'>;
  readonly access: Pick<AccessLog, 'record'>;
  readonly maxLeaves: number;
}

const PAGE = 500;
const MAX_AT_ONCE = 4;

/**
 * Search results as a stream, leaf bytes included. Never holds more than a page: the next one is read when the last was
 * taken. One export is one access, and shows one state of the index.
 */
export class ExportsService {
  /** Exports under way; written by `start` and by each export's `close`. */
  private readonly open = new Set<object>();

  constructor(private readonly parts: ExportsParts) {}

  async start(reader: Reader, { filter, format, cursor }: ExportWanted): Promise<StartedExport> {
    const scope = requireFullScope(reader, filter);
    const purpose = { reader: reader.id, query: spellQuery({ ...filter, format }) };
    const key = await this.parts.cursorKey.get();
    const after = cursor === undefined ? undefined : openCursor(cursor, purpose, key);
    if (cursor !== undefined && after === undefined) throw searchErrors.error('cursor-invalid');
    if (this.open.size >= MAX_AT_ONCE) throw searchErrors.error('reading-busy');
    const place = {};
    const close = () => void this.open.delete(place);
    this.open.add(place);
    try {
      const indexedTo = after?.below ?? (await this.parts.index.indexedTo());
      const query = spellQuery({ ...filter, format, cursor });
      const access = await this.parts.access.record({ reader: reader.id, act: 'exported', query });
      const seal = (position: Position) => sealCursor(position, purpose, key);
      return { access, indexedTo, close, lines: this.lines({ filter, format, scope, below: indexedTo, after, seal }) };
    } catch (cause) {
      close();
      throw cause;
    }
  }

  private async *lines(wanted: {
    readonly filter: LeafFilter;
    readonly format: ExportFormat;
    readonly scope: Scope;
    readonly below: number;
    readonly after: Position | undefined;
    readonly seal: (position: Position) => string;
  }): AsyncGenerator<string> {
    const { filter, format, scope, below, seal } = wanted;
    const { store, log, logId, maxLeaves } = this.parts;
    yield exportHead(format);
    let { after } = wanted;
    for (let given = 0; ;) {
      const limit = Math.min(PAGE, maxLeaves - given);
      const entries = limit === 0 ? [] : await store.page({ filter, scope, below, after, limit });
      const bodies = await log.bodiesOf(
        logId,
        entries.map((entry) => entry.index),
      );
      const lines = entries.map((entry) => {
        const leaf = bodies.get(entry.index)?.toString('latin1') ?? '';
        return exportLine(format, { ...foundLeaf(entry, scope), leaf });
      });
      given += entries.length;
      const last = entries.at(-1);
      after = last === undefined ? after : { atMs: last.atMs, index: last.index, below };
      if (lines.length > 0) yield lines.join('');
      if (entries.length === limit && limit > 0) continue;
      yield exportEnd(format, { leaves: given, ...(limit === 0 && after !== undefined ? { next: seal(after) } : {}) });
      return;
    }
  }
}
