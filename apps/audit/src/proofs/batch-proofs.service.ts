import type { AccessLog, AccessRecord } from '../access-log/access-log.service.js';
import type { LeafEntry } from '../leaf-index/leaf-entry.js';
import type { Reader } from '../reader-auth/reader.js';
import { foundLeaf, uuidText, type FoundLeaf } from '../search/found-leaf.js';
import { spellQuery, type Scope } from '../search/leaf-query.js';
import { requireFullScope } from '../search/search.service.js';
import type { SearchStore } from '../search/search.store.js';
import { proofsErrors } from './proofs.errors.js';
import type { ProofsService } from './proofs.service.js';

/** Exchange ids and indices together. */
export const MAX_PROOFS_ASKED = 100;
/** An exchange has four leaves; a case one per transition. */
const MAX_LEAVES = 2_000;

export interface ProofsWanted {
  readonly exchanges: readonly string[];
  readonly indices: readonly number[];
}

export interface ProvenLeaf extends FoundLeaf {
  readonly leaf: string;
  readonly proof: string;
}

export interface MissingProofs {
  readonly exchanges: readonly string[];
  readonly indices: readonly number[];
}

export interface BatchProofs {
  readonly size: number;
  readonly checkpoint: string;
  readonly proofs: readonly ProvenLeaf[];
  readonly missing: MissingProofs;
  readonly access: AccessRecord;
}

export interface BatchProofsParts {
  readonly store: SearchStore;
  readonly proofs: ProofsService;
  readonly access: Pick<AccessLog, 'record'>;
}

/** Many receipts with one call, all against one checkpoint. A leaf of others is missing like one that is not there. */
export class BatchProofsService {
  constructor(private readonly parts: BatchProofsParts) {}

  async prove(reader: Reader, { exchanges, indices }: ProofsWanted): Promise<BatchProofs> {
    const scope = requireFullScope(reader);
    const asked = exchanges.length + indices.length;
    if (asked === 0 || asked > MAX_PROOFS_ASKED) throw proofsErrors.error('proofs-number');
    const query = spellQuery({ exchanges, indices });
    const access = await this.parts.access.record({ reader: reader.id, act: 'proved', query });
    const entries = await this.entriesOf(exchanges, indices, scope);
    const proven = await this.parts.proofs.proveAll(entries.map((entry) => entry.index));
    const found = entries.filter(({ index }) => proven.leaves.has(index));
    return {
      size: proven.size,
      checkpoint: proven.checkpoint,
      proofs: found.map((entry) => {
        const { leaf = '', proof = '' } = proven.leaves.get(entry.index) ?? {};
        return { ...foundLeaf(entry, scope), leaf, proof };
      }),
      missing: missingOf(exchanges, indices, found),
      access,
    };
  }

  /** Each leaf once, in order of index. */
  private async entriesOf(
    exchanges: readonly string[],
    indices: readonly number[],
    scope: Scope,
  ): Promise<LeafEntry[]> {
    const xids = exchanges.map((id) => Buffer.from(id.replaceAll('-', ''), 'hex'));
    const [named, ofExchanges] = await Promise.all([
      indices.length === 0 ? [] : this.parts.store.byIndex(indices, scope),
      xids.length === 0 ? [] : this.parts.store.byExchange(xids, scope, MAX_LEAVES),
    ]);
    const distinct = new Map([...named, ...ofExchanges].map((entry) => [entry.index, entry]));
    return [...distinct.values()].sort((a, b) => a.index - b.index);
  }
}

function missingOf(
  exchanges: readonly string[],
  indices: readonly number[],
  found: readonly LeafEntry[],
): MissingProofs {
  const ids = new Set(found.map(({ xid }) => uuidText(xid)));
  const places = new Set(found.map(({ index }) => index));
  return {
    exchanges: exchanges.filter((id) => !ids.has(id.toLowerCase())),
    indices: indices.filter((index) => !places.has(index)),
  };
}
