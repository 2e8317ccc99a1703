import { toBase64Url, type Clock } from '#kernel';
import type { CommitmentKind } from '#signing';
import type { PersonKeys } from '../key-store/person-keys.store.js';
import { epochTagKey } from '../key-store/tag.js';
import { openKept } from '../openings/kept-opening.js';
import { completenessErrors } from './completeness.errors.js';
import type { CompletenessStore, FoundCommitment, LogCount } from './completeness.store.js';

/** `missing`: it was opened once, and its row is not here or does not open; that is what an auditor looks for. */
export type CommitmentState = 'shown' | 'concealed' | 'pending' | 'erased' | 'repeated' | 'missing';

export interface SampledCommitment {
  readonly index: number;
  readonly kind: CommitmentKind;
  readonly position: number;
  readonly state: CommitmentState;
  /** What reproduces the commitment; of those that are shown or concealed. */
  readonly opening?: { readonly r: string; readonly country: string; readonly type: string; readonly code: string };
}

export interface CompletenessReport {
  /** ISO instant. */
  readonly at: string;
  readonly logs: readonly LogCount[];
}

export interface CompletenessParts {
  readonly store: CompletenessStore;
  readonly keys: Pick<PersonKeys, 'find'>;
  readonly clock: Clock;
}

/**
 * What an auditor holds against the log (`audit-log.md` §4.3): how many commitments are shown, concealed, pending, erased,
 * and for leaves that nobody could choose the openings themselves. Whether it adds up is not ours to say.
 */
export class Completeness {
  constructor(private readonly parts: CompletenessParts) {}

  async report(): Promise<CompletenessReport> {
    const nowMs = this.parts.clock.now();
    return { at: new Date(nowMs).toISOString(), logs: await this.parts.store.count(nowMs) };
  }

  async sample(origin: string, indices: readonly number[]): Promise<SampledCommitment[]> {
    const { store, keys, clock } = this.parts;
    if (!(await store.isFollowed(origin))) throw completenessErrors.error('log-not-followed');
    const found = await store.find(origin, indices, clock.now());
    const dataKeys = await keys.find(found.flatMap(({ row }) => row ?? []));
    return found.map((one) => sampled(one, dataKeys));
  }
}

function sampled(found: FoundCommitment, dataKeys: ReadonlyMap<string, Buffer>): SampledCommitment {
  const { index, kind, position, exchange, row } = found;
  const place = { index, kind, position };
  if (row === undefined) return { ...place, state: stateWithoutRow(found) };
  const key = dataKeys.get(epochTagKey(row));
  const opening = key === undefined ? undefined : openKept(key, { exchange, ...place }, row.openingEnc);
  if (opening === undefined) return { ...place, state: stateWithoutRow(found) };
  const { r, country, type, code } = opening;
  const shown = { r: toBase64Url(r), country, type, code };
  return { ...place, state: row.isConcealed ? 'concealed' : 'shown', opening: shown };
}

function stateWithoutRow({ state }: FoundCommitment): CommitmentState {
  return state === 'pending' || state === 'erased' || state === 'repeated' ? state : 'missing';
}
