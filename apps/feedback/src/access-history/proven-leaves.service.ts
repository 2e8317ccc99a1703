import { z } from 'zod';
import type { LogFiles } from '#log-watch';
import type { LeafPlace } from './outcome.js';

export interface ProvenLeaf {
  /** The leaf: a compact JWS. */
  readonly statement: string;
  /** Its `.tlog-proof` (`audit-log.md` §2.7). */
  readonly proof: string;
}

const AT_ONCE = 300;
const MAX_BYTES = 8 * 1024 * 1024;
const answer = z.object({
  leaves: z.array(z.object({ index: z.number(), leaf: z.string(), proof: z.string() })).max(AT_ONCE),
});

/**
 * Leaves with their proofs from the audit service. They are handed on as they came: whoever reads a history checks them,
 * and believes feedback as little as audit.
 */
export class ProvenLeaves {
  constructor(
    private readonly files: Pick<LogFiles, 'read'>,
    private readonly auditUrl: string,
  ) {}

  /** By `log#index`; what the log does not show is missing. Rejects where audit does not answer. */
  async find(places: readonly LeafPlace[]): Promise<ReadonlyMap<string, ProvenLeaf>> {
    const byLog = Map.groupBy(places, ({ log }) => log);
    const found = await Promise.all(
      [...byLog].map(([log, wanted]) => this.ofLog(log, [...new Set(wanted.map(({ index }) => index))])),
    );
    return new Map(found.flat());
  }

  private async ofLog(log: string, indices: readonly number[]): Promise<[string, ProvenLeaf][]> {
    const found: [string, ProvenLeaf][] = [];
    for (let from = 0; from < indices.length; from += AT_ONCE) {
      const query = new URLSearchParams({ log, indices: indices.slice(from, from + AT_ONCE).join(',') });
      const body = await this.files.read(this.auditUrl, `/proof/leaves?${query.toString()}`, MAX_BYTES);
      const { leaves } = answer.parse(JSON.parse(body?.toString('utf8') ?? '{"leaves":[]}'));
      for (const { index, leaf, proof } of leaves) found.push([placeKey({ log, index }), { statement: leaf, proof }]);
    }
    return found;
  }
}

export function placeKey({ log, index }: LeafPlace): string {
  return `${log}#${index}`;
}
