import type { LeafPlace } from '../access-history/outcome.js';

/** Where statements that feedback keeps stand in the log, by leaf hash in hex; those that are not proven are missing. */
export interface StatementPlaces {
  places(leafHashes: readonly Buffer[]): Promise<ReadonlyMap<string, LeafPlace>>;
}
