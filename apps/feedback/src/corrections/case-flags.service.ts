import type { RegistryView } from '#snapshot';
import type { CaseStore } from './case.store.js';
import type { CaseDelivering, CasesParts } from './cases.service.js';
import type { KeptCase } from './kept-case.js';

export interface CaseFlagsParts {
  readonly store: CaseStore;
  readonly delivering: Pick<CaseDelivering, 'missingFlags'>;
  readonly deliveries: CasesParts['deliveries'];
  readonly registry: { current(): RegistryView | undefined };
  readonly failed: (cause: unknown) => void;
}

const PER_PAGE = 200;

/**
 * Who begins to show a datum while it is in dispute is told of its flag as well: the registry says who shows what, and may
 * change at any time of a review, also while that is on its way into the log.
 */
export class CaseFlags {
  /** Number of the snapshot by whose elements everyone was told; written by `keepUp`. */
  private toldBy: number | undefined;

  constructor(private readonly parts: CaseFlagsParts) {}

  /** After a change of the registry, and once after the start, it goes through all disputed cases. */
  async keepUp(): Promise<void> {
    const { store, registry } = this.parts;
    const number = registry.current()?.number;
    if (number === undefined || number === this.toldBy) return;
    let isAllTold = true;
    for (let after: string | undefined, isMore = true; isMore;) {
      const page: KeptCase[] = await store.disputed(after, PER_PAGE);
      for (const kept of page) isAllTold = (await this.add(kept)) && isAllTold;
      after = page.at(-1)?.id;
      isMore = page.length === PER_PAGE;
    }
    // Else the next round goes through them again, and tells those who were missed.
    if (isAllTold) this.toldBy = number;
  }

  /** Tells whoever shows the datum and was not told. False: it did not go well; what is wrong holds up no other case. */
  async add(kept: KeptCase): Promise<boolean> {
    try {
      await this.told(kept);
      return true;
    } catch (cause) {
      this.parts.failed(cause);
      return false;
    }
  }

  private async told(kept: KeptCase): Promise<void> {
    const { store, delivering, deliveries } = this.parts;
    const missing = await delivering.missingFlags(kept);
    if (missing.deliveries.length === 0) return;
    await store.transaction(async (queries) => {
      const now = await store.lock(queries, kept.id);
      // A flag that is about to go must not come back behind it.
      const isEnding = now?.pending?.signals.includes('data.undisputed') === true;
      if (now?.record.isDisputed !== true || isEnding) return;
      const { sinceMs, told } = now.details.dispute ?? { sinceMs: now.filedMs, told: [] };
      const dispute = { sinceMs, told: [...new Set([...told, ...missing.told])] };
      await store.detailed(queries, now.id, { ...now.details, dispute });
      await deliveries.outbox.add(queries, missing.deliveries);
    });
    deliveries.wake();
  }
}
