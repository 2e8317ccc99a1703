import type { AccessLog, AccessRecord } from '../access-log/access-log.service.js';
import type { LeafIndexStore } from '../leaf-index/leaf-index.store.js';
import type { Reader } from '../reader-auth/reader.js';
import type { CursorKeyStore } from './cursor-key.store.js';
import { openCursor, sealCursor, type Position } from './cursor.js';
import { foundLeaf, type FoundLeaf } from './found-leaf.js';
import { scopeOf, spellQuery, type LeafFilter, type Scope } from './leaf-query.js';
import { searchErrors } from './search.errors.js';
import type { SearchStore } from './search.store.js';

export interface SearchWanted {
  readonly filter: LeafFilter;
  readonly limit: number;
  readonly cursor: string | undefined;
}

export interface SearchPage {
  /** Origin of the window that was searched: a cursor is good for that one. */
  readonly log: string;
  /** Newest first. */
  readonly leaves: readonly FoundLeaf[];
  /** For the next page; absent on the last. */
  readonly next?: string;
  /** Leaves below it could be found. */
  readonly indexedTo: number;
  readonly access: AccessRecord;
}

export interface SearchParts {
  /** Origin of the window. */
  readonly log: string;
  readonly store: SearchStore;
  readonly index: Pick<LeafIndexStore, 'indexedTo'>;
  readonly cursorKey: Pick<CursorKeyStore, 'get'>;
  readonly access: Pick<AccessLog, 'record'>;
}

/**
 * Answers searches within the reader's scope. It promises that every page has its leaf in the log before it is read, and
 * that pages of one search show one state of the index: what comes later does not push in between.
 */
export class SearchService {
  constructor(private readonly parts: SearchParts) {}

  async search(reader: Reader, { filter, limit, cursor }: SearchWanted): Promise<SearchPage> {
    const scope = requireScope(reader, filter);
    const query = spellQuery(filter);
    const key = await this.parts.cursorKey.get();
    const after = cursor === undefined ? undefined : openCursor(cursor, { reader: reader.id, query }, key);
    if (cursor !== undefined && after === undefined) throw searchErrors.error('cursor-invalid');
    const below = after?.below ?? (await this.parts.index.indexedTo());
    const asked = spellQuery({ ...filter, limit, cursor });
    const access = await this.parts.access.record({ reader: reader.id, act: 'searched', query: asked });
    const found = await this.parts.store.page({ filter, scope, below, after, limit: limit + 1 });
    const leaves = found.slice(0, limit);
    const last = leaves.at(-1);
    const position: Position | undefined =
      found.length > limit && last !== undefined ? { atMs: last.atMs, index: last.index, below } : undefined;
    return {
      log: this.parts.log,
      leaves: leaves.map((entry) => foundLeaf(entry, scope)),
      ...(position === undefined ? {} : { next: sealCursor(position, { reader: reader.id, query }, key) }),
      indexedTo: below,
      access,
    };
  }
}

/** The scope, or the refusal that tells what this reader may ask. */
export function requireScope(reader: Reader, filter: LeafFilter): Scope {
  const { from, until } = filter;
  if (from !== undefined && until !== undefined && until <= from) throw searchErrors.error('range-invalid');
  const scope = scopeOf(reader, filter);
  if (!scope.ok) throw searchErrors.error('search-exchange-only');
  return scope.value;
}

/** For everything but looking up a state: members within their scope, auditors. */
export function requireFullScope(reader: Reader, filter: LeafFilter = {}): Scope {
  if (reader.role === 'help-desk') throw searchErrors.error('reading-not-yours');
  return requireScope(reader, filter);
}
